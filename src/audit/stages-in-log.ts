import { z } from "zod";
import { judgementOf } from "../autonomy/judgement.js";
import { FIRST_STAGE, RECENT_MAX, type StageRecord } from "../autonomy/stage-record.js";
import { Verdict } from "../model/decision.js";
import { PrincipalRecord } from "../model/principal.js";
import { stageId, StageKey, type Stage } from "../model/stage.js";
import type { AuditEvent } from "../model/audit-event.js";
import type { KnownEvent } from "./event-data.js";

const Decided = z.object({ verdict: Verdict, by: PrincipalRecord.pick({ kind: true, level: true }).strip() });

type Staged = Extract<KnownEvent, { kind: "staged" }>["data"];

interface StageInLog {
  of: StageKey;
  stage: Stage;
  ceiling: Stage;
  /** The name under which the log has whoever changed it last; null for the rule. */
  by: string | null;
}

/**
 * What the log says about stages: who was judged right how often, and every change. A change is legal if it begins where
 * the one before ended and rests on the judgements that the log has up to there; a rule's change, moreover, if it is one
 * step, up to the ceiling at most, and follows from a judged proposal. The first one begins at stage 1 of 5.
 */
export class StagesInLog {
  readonly #stages = new Map<string, StageInLog>();
  readonly #proposals = new Map<string, { of: StageKey; isJudged: boolean }>();
  /** Whether the agent was right, in the order in which people judged; and the proposal that was judged last. */
  readonly #judged = new Map<string, { rights: boolean[]; last: string }>();

  /** Takes note of what proposals are whose, and of what people decided about them. */
  note({ kind, proposal, data }: AuditEvent): void {
    if (kind === "proposed") {
      const of = StageKey.strip().safeParse(data);
      if (of.success) this.#proposals.set(proposal, { of: of.data, isJudged: false });
    }
    if (kind !== "decided") return;
    const known = this.#proposals.get(proposal);
    const said = Decided.safeParse(data);
    if (known === undefined || known.isJudged || !said.success) return;
    const right = judgementOf(known.of.trust, [said.data]);
    if (right === null) return;
    known.isJudged = true;
    const judged = this.#judged.get(stageId(known.of)) ?? { rights: [], last: "" };
    judged.rights.push(right);
    judged.last = proposal;
    this.#judged.set(stageId(known.of), judged);
  }

  /** Adds a change. Says why it is illegal, or null; an illegal one is added too, so the rest is still judged. */
  add(id: string, data: Staged): string | null {
    const { agent, action, trust, from, to, ceilingBefore, ceiling, by } = data;
    const of = { agent, action, trust };
    const before = this.#stages.get(id) ?? FIRST_STAGE;
    this.#stages.set(id, { of, stage: to, ceiling, by: by?.id ?? null });
    if (id !== stageId(of)) return "it changes another stage than it names";
    if (from !== before.stage || ceilingBefore !== before.ceiling)
      return "it begins elsewhere than the last change ended";
    if (to > ceiling) return "it sets a stage above its ceiling";
    return this.#whyUnfounded(id, data);
  }

  #whyUnfounded(id: string, { from, to, ceilingBefore, ceiling, judged, recent, right, by, judgement }: Staged) {
    const { rights, last } = this.#judged.get(id) ?? { rights: [], last: null };
    const latest = rights.slice(-RECENT_MAX);
    if (judged !== rights.length || recent !== latest.length || right !== latest.filter(Boolean).length) {
      return "it rests on other judgements than the log has";
    }
    if (by !== null) return judgement === null ? null : "a person's change names a judgement";
    if (Math.abs(to - from) !== 1 || ceiling !== ceilingBefore) return "a rule moved it by more than one step";
    return judgement === last ? null : "a rule moved it without a judgement";
  }

  /** How many cases were judged so far, by the ids of the stages that they count for. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#judged].map(([id, { rights }]) => [id, rights.length]));
  }

  /**
   * What is held of stages and is not so by the log, or the other way round. `before` are the counts before they were
   * read: the log may have gone on since.
   */
  compare(held: readonly StageRecord[], before: ReadonlyMap<string, number>): string[] {
    const problems: string[] = [];
    const seen = new Set<string>();
    for (const { id, agent, action, trust, stage, ceiling, judged, recent, changed } of held) {
      seen.add(id);
      const name = `The stage of ${agent} with ${action} (${trust})`;
      const logged = this.#stages.get(id);
      const { rights } = this.#judged.get(id) ?? { rights: [] };
      if (
        id !== stageId({ agent, action, trust }) ||
        logged?.stage !== stage ||
        logged.ceiling !== ceiling ||
        logged.by !== (changed?.by?.id ?? null)
      ) {
        problems.push(`${name} is not the one in the log`);
      }
      const isCounted = judged >= (before.get(id) ?? 0) && judged <= rights.length;
      if (!isCounted || recent.join() !== rights.slice(judged - recent.length, judged).join()) {
        problems.push(`${name} counts other judgements than the log has`);
      }
    }
    for (const [id, { of }] of this.#stages) {
      if (!seen.has(id)) problems.push(`The stage of ${of.agent} with ${of.action} (${of.trust}) is in the log only`);
    }
    return problems;
  }
}
