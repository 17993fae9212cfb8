import assert from "node:assert/strict";
import type { Ledger } from "../../src/ledger/ledger.js";
import type { Case } from "../../src/model/case.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import type { Panel } from "../../src/model/requirement.js";
import { means, panelsAt } from "./review-rules.js";
import type { ModelAuthority } from "./review-world.js";

/** What has to be true of every case at every moment, whatever a model says. */
export class ReviewInvariants {
  readonly #authority: ModelAuthority;
  readonly #permits = new Map<string, string>();
  readonly #ended = new Map<string, Case>();

  constructor(authority: ModelAuthority) {
    this.#authority = authority;
  }

  /** Fails where a case is what no case may be, given what it was before. */
  hold(held: Case): void {
    const { id, round } = held.proposal;
    const end = this.#ended.get(id);
    if (end !== undefined) assert.deepEqual(held, end, "something happened after the end");
    if (held.outcome !== null) this.#ended.set(id, held);
    if (held.permit === null) return;
    const at = `${id} ${round}`;
    const known = this.#permits.get(at);
    assert.equal(held.permit.id, known ?? held.permit.id, "a second permit in one round");
    this.#permits.set(at, held.permit.id);
    if (known === undefined && held.permit.basis === "decisions") this.#requireEnough(held);
  }

  /** Fails where the log has a permit twice in a round, an end twice, or anything after an end. */
  async holdInLog(ledger: Ledger): Promise<void> {
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 1_000_000 });
    const seen = new Map<string, string[]>();
    for (const { kind, proposalId } of rows) {
      const kinds = seen.get(proposalId) ?? [];
      assert.ok(!kinds.some((each) => ["executed", "failed", "closed"].includes(each)), "a row after the end");
      seen.set(proposalId, [...kinds, kind]);
    }
    for (const [id, kinds] of seen) {
      const rounds = [...this.#permits.keys()].filter((at) => at.startsWith(`${id} `));
      assert.equal(kinds.filter((kind) => kind === "permitted").length, rounds.length);
    }
  }

  #requireEnough(held: Case): void {
    const { requires } = held.round.routing!;
    for (const panel of panelsAt(requires!, held.review?.step ?? 0)) {
      const people = this.#approvers(held).filter((by) => panel.by.length === 0 || means(panel.by, by));
      const distinct = new Set(people.map(({ id }) => id));
      assert.ok(distinct.size >= atLeast(panel), `${distinct.size} approvals are too few for ${panel.quorum}`);
    }
  }

  /** Those who approved the current round, or made it, and may. */
  #approvers({ proposal, round, decisions }: Case): PrincipalRecord[] {
    const { requester, owners, authors } = this.#authority;
    const out = [
      ...(round.routing?.requires?.excludes ?? []),
      ...authors,
      ...(proposal.agent === "support" ? owners : []),
      ...(requester && proposal.requestedBy !== null ? [proposal.requestedBy] : []),
    ];
    return decisions
      .filter(
        (made) =>
          (made.verdict === "approve" && made.round === round.round) ||
          (made.verdict === "modify" && made.round === round.round - 1 && made.newArgsDigest === round.argsDigest),
      )
      .map(({ by }) => by)
      .filter(({ id }) => !out.includes(id));
  }
}

/** How many people have to have approved, whoever else there is. */
function atLeast({ quorum }: Panel): number {
  if (quorum === "two-person") return 2;
  return Number(/^(\d+)-of-/.exec(quorum)?.[1] ?? 1);
}
