import type { StageRecord } from "../autonomy/stage-record.js";
import { auditId, type Case } from "../model/case.js";
import type { Reviewer } from "../model/reviewer.js";
import type { ClosedCase, Ledger } from "../ledger/ledger.js";
import { compareCase, compareRecord, outcomeDigest, recordedOutcomeDigest } from "./compare-case.js";
import type { Life } from "./life.js";
import type { LogReader } from "./log-reader.js";
import type { Problems } from "./problems.js";

const PAGE_CASES = 200;

/**
 * Compares the ledger's tables with the log, both ways. The ledger may be written to meanwhile: where the tables seem
 * to be ahead, the log is read on first; where the log seems to be ahead, the one case is read again.
 */
export class Comparison {
  /** How many cases were compared. */
  cases = 0;
  readonly #ledger: Ledger;
  readonly #log: LogReader;
  readonly #problems: Problems;
  /** The cases that were seen, with the digests of their outcomes. */
  readonly #outcomes = new Map<string, string>();
  readonly #recorded = new Set<string>();

  constructor(ledger: Ledger, log: LogReader, problems: Problems) {
    this.#ledger = ledger;
    this.#log = log;
    this.#problems = problems;
  }

  async run(): Promise<void> {
    await this.#pages(
      (page) => this.#ledger.cases(page),
      ({ proposal }) => proposal.id,
      (held) => this.#case(held),
    );
    await this.#pages(
      (page) => this.#ledger.closedCases(page),
      ({ proposalId }) => proposalId,
      (closed) => this.#record(closed),
    );
    for (const life of this.#log.lives.values()) await this.#unseen(life);
    await this.#halts();
    await this.#stages();
    await this.#reviewers();
  }

  /** Halts may come and go between the two readings; what is really wrong is so the second time, too. */
  async #halts(): Promise<void> {
    const compare = async (): Promise<string[]> => {
      const halts = await this.#ledger.halts();
      await this.#log.readOn();
      return this.#log.halts.compare(halts);
    };
    const wrong = await compare();
    for (const what of wrong.length === 0 ? wrong : await compare()) this.#problems.add(what);
  }

  /** As with halts: what is really wrong is so the second time, too. */
  async #stages(): Promise<void> {
    const compare = async (): Promise<string[]> => {
      const before = this.#log.stages.counts();
      const held: StageRecord[] = [];
      await this.#pages(
        (page) => this.#ledger.stages(page),
        ({ id }) => id,
        async (each) => void held.push(each),
      );
      await this.#log.readOn();
      return this.#log.stages.compare(held, before);
    };
    const wrong = await compare();
    for (const what of wrong.length === 0 ? wrong : await compare()) this.#problems.add(what);
  }

  /** As with halts: what is really wrong is so the second time, too. */
  async #reviewers(): Promise<void> {
    const compare = async (): Promise<string[]> => {
      const held: Reviewer[] = [];
      await this.#pages(
        (page) => this.#ledger.reviewers(page),
        ({ id }) => id,
        async (each) => void held.push(each),
      );
      await this.#log.readOn();
      return this.#log.reviewers.compare(held);
    };
    const wrong = await compare();
    for (const what of wrong.length === 0 ? wrong : await compare()) this.#problems.add(what);
  }

  async #pages<Item>(
    read: (page: { afterId: string; limit: number }) => Promise<Item[]>,
    id: (item: Item) => string,
    each: (item: Item) => Promise<void>,
  ): Promise<void> {
    for (let afterId = ""; ;) {
      const page = await read({ afterId, limit: PAGE_CASES });
      for (const item of page) await each(item);
      const last = page.at(-1);
      if (last === undefined) return;
      afterId = id(last);
    }
  }

  async #case(held: Case): Promise<void> {
    const { id } = held.proposal;
    this.cases += 1;
    this.#outcomes.set(id, outcomeDigest(held));
    const wrong = await this.#caughtUp((life) => compareCase(held, life), id);
    for (const what of wrong) this.#problems.add(what, { proposalId: id });
    const life = this.#log.lives.get(id);
    if (life === undefined || (wrong.length === 0 && !isBehind(held, life))) return;
    await this.#again(life);
  }

  /** Reads one case again, now that its log is known, and looks for what the log has and the case has not. */
  async #again(life: Life): Promise<void> {
    const { proposalId } = life;
    const held = await this.#ledger.read(proposalId);
    if (held === null) {
      this.#problems.add("The log has rows of a case that the ledger does not hold", { proposalId });
      return;
    }
    const known = new Set(held.decisions.map(({ id }) => id));
    for (const id of life.decisions.keys()) {
      if (!known.has(id)) this.#problems.add(`Decision ${id} is in the log, but not in the ledger`, { proposalId });
    }
    if (life.closing !== null && held.proposal.state === "open") {
      this.#problems.add("The log has closed the case, the ledger has it open", { proposalId });
    }
  }

  async #record(closed: ClosedCase): Promise<void> {
    const { proposalId, text } = closed;
    this.#recorded.add(proposalId);
    const wrong = await this.#caughtUp((life) => compareRecord(closed, life), proposalId);
    for (const what of wrong) this.#problems.add(what, { proposalId });
    const outcome = this.#outcomes.get(proposalId);
    if (wrong.length > 0 || outcome === undefined || outcome === recordedOutcomeDigest(text)) return;
    // The case may have been open when it was seen.
    const held = await this.#ledger.read(proposalId);
    if (held !== null && outcomeDigest(held) === recordedOutcomeDigest(text)) return;
    this.#problems.add("The outcome in the ledger is not the one in the stored record", { proposalId });
  }

  /** What the log has and no page showed: written meanwhile, or gone. */
  async #unseen(life: Life): Promise<void> {
    const { proposalId, closing } = life;
    if (!this.#outcomes.has(proposalId)) await this.#again(life);
    if (closing === null || this.#recorded.has(proposalId)) return;
    const stored = await this.#ledger.caseRecordText(auditId(proposalId));
    if (stored === null) this.#problems.add("The stored record of the closed case is missing", { proposalId });
    else await this.#record({ auditId: auditId(proposalId), ...stored });
  }

  /** Compares; if something is wrong, once more after the log was read on. */
  async #caughtUp(compare: (life: Life | undefined) => string[], proposalId: string): Promise<string[]> {
    const wrong = compare(this.#log.lives.get(proposalId));
    if (wrong.length === 0) return wrong;
    await this.#log.readOn();
    return compare(this.#log.lives.get(proposalId));
  }
}

function isBehind({ decisions, proposal }: Case, life: Life): boolean {
  return decisions.length < life.decisions.size || (life.closing !== null && proposal.state === "open");
}
