import { checkAudit } from "../audit/check-audit.js";
import { isApproved, type Life, type RoundInLog } from "../audit/life.js";
import { LogReader } from "../audit/log-reader.js";
import { Problems } from "../audit/problems.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Case } from "../model/case.js";
import { identifier } from "../model/identifier.js";
import { isAutomatic } from "../model/routing.js";
import type { Threads } from "../service/threads.js";
import type { HistoryProblem, HistoryProblemKind } from "./check-history/problem.js";
import { whyStuck, withFollowUps } from "./check-history/stuck.js";

/** Something that really happened, as the world it happened in tells it. */
export interface WorldEffect {
  /** The key that the action was given; the permit's id. */
  idempotencyKey: string;
  /** What it was, for whoever reads about it. */
  what?: string;
}

/** A decision that somebody was told is made: what `assent.reviews.decide` returned. */
export interface AcknowledgedDecision {
  proposalId: string;
  /** The id of the decision, the last one of the case that was returned. */
  decisionId: string;
}

/** What a history consists of. */
export interface History {
  ledger: Ledger;
  /** Every effect there was, as often as there was. */
  effects: Iterable<WorldEffect>;
  /** Every decision that was acknowledged. */
  acknowledged: Iterable<AcknowledgedDecision>;
  /** The threads that the cases belong to; left out, only the ledger is asked whether something is stuck. */
  threads?: Pick<Threads, "state">;
}

/** What is wrong with a history. */
export type { HistoryProblem, HistoryProblemKind } from "./check-history/problem.js";

/** What {@link checkHistory} found. */
export interface HistoryReport {
  /** Whether every promise was kept. */
  ok: boolean;
  cases: number;
  /** How often somebody approved, with the proposed or with other arguments. */
  approvals: number;
  effects: number;
  lostDecisions: number;
  doubleEffects: number;
  effectsWithoutDecision: number;
  lostEffects: number;
  /** Threads, not cases. */
  stuckThreads: number;
  brokenLog: number;
  problems: HistoryProblem[];
}

/**
 * Decides whether Assent's promises held, from what the ledger recorded, what happened in the world and what people
 * were told. To be asked at rest: faults are over, and everything has been delivered that could be.
 *
 * @throws AssentError what the ledger throws when it cannot be read.
 * @example
 * ```ts
 * import type { Ledger } from "assent";
 * import { checkHistory } from "assent/testing";
 *
 * declare const ledger: Ledger;
 * declare const transfers: { reference: string }[];
 *
 * const { ok, problems } = await checkHistory({
 *   ledger,
 *   effects: transfers.map(({ reference }) => ({ idempotencyKey: reference })),
 *   acknowledged: [],
 * });
 * if (!ok) console.error(problems);
 * ```
 */
export async function checkHistory({ ledger, effects, acknowledged, threads }: History): Promise<HistoryReport> {
  const audit = await checkAudit(ledger);
  // What is wrong with the rows themselves, the check above has said; here only their lives are wanted.
  const log = new LogReader(ledger, new Problems(), { onRow: () => {}, onPage: () => {} });
  await log.readOn();
  const lives = [...log.lives.values()];
  const cases = await allCases(ledger);
  const happened = [...effects];
  const stuck = await whyStuck(cases, threads && withFollowUps(ledger, threads));
  const problems: HistoryProblem[] = [
    ...lostDecisions(log.lives, acknowledged),
    ...wrongEffects(lives, happened),
    ...lostEffects(lives, happened),
    ...stuck.problems,
    ...audit.problems.map(({ proposalId = null, what, seq }) => ({
      kind: "broken-log" as const,
      proposalId,
      what: seq === undefined ? what : `Row ${seq}: ${what}`,
    })),
  ];
  const count = (kind: HistoryProblemKind): number => problems.filter((problem) => problem.kind === kind).length;
  return {
    ok: problems.length === 0,
    cases: cases.length,
    approvals: lives
      .flatMap(roundsOf)
      .flatMap(({ verdicts }) => verdicts)
      .filter((verdict) => verdict === "approve" || verdict === "modify").length,
    effects: happened.length,
    lostDecisions: count("lost-decision"),
    doubleEffects: count("double-effect"),
    effectsWithoutDecision: count("effect-without-decision"),
    lostEffects: count("lost-effect"),
    stuckThreads: stuck.threads,
    brokenLog: count("broken-log") + audit.more,
    problems,
  };
}

function roundsOf({ rounds }: Life): RoundInLog[] {
  return rounds.filter((round) => round !== undefined);
}

async function allCases(ledger: Ledger): Promise<Case[]> {
  const all: Case[] = [];
  for (let afterId = ""; ;) {
    const page = await ledger.cases({ afterId, limit: 200 });
    const last = page.at(-1);
    if (last === undefined) return all;
    all.push(...page);
    afterId = last.proposal.id;
  }
}

function lostDecisions(
  lives: ReadonlyMap<string, Life>,
  acknowledged: Iterable<AcknowledgedDecision>,
): HistoryProblem[] {
  return [...acknowledged]
    .filter(({ proposalId, decisionId }) => lives.get(proposalId)?.decisions.has(decisionId) !== true)
    .map(({ proposalId, decisionId }) => ({
      kind: "lost-decision",
      proposalId,
      what: `Decision ${decisionId} was acknowledged and is not in the log`,
    }));
}

/** Effects that should not have been, or not again. */
function wrongEffects(lives: readonly Life[], effects: readonly WorldEffect[]): HistoryProblem[] {
  const behind = new Map(
    lives.flatMap((life) =>
      roundsOf(life).map((round, index) => {
        // Where no permit was issued, the one that it would have had.
        const id = round.permit?.id ?? identifier("permit", [life.proposalId, index + 1]);
        return [id, { life, round }] as const;
      }),
    ),
  );
  const seen = new Set<string>();
  const done = new Set<string>();
  return effects.flatMap(({ idempotencyKey, what = "An effect" }): HistoryProblem[] => {
    const found = behind.get(idempotencyKey);
    const proposalId = found?.life.proposalId ?? null;
    const problems: HistoryProblem[] = [];
    const why = found === undefined ? "no proposal is behind it" : whyUndue(found.round);
    if (why !== null) {
      problems.push({ kind: "effect-without-decision", proposalId, what: `${what} (${idempotencyKey}): ${why}` });
    }
    if (seen.has(idempotencyKey)) {
      problems.push({ kind: "double-effect", proposalId, what: `${what} (${idempotencyKey}) happened again` });
    } else if (proposalId !== null && done.has(proposalId)) {
      const again = `${what} (${idempotencyKey}) happened under another permit of the same proposal`;
      problems.push({ kind: "double-effect", proposalId, what: again });
    }
    seen.add(idempotencyKey);
    if (proposalId !== null) done.add(proposalId);
    return problems;
  });
}

/** What is missing behind the permit of a round that had an effect; null if nothing is. */
function whyUndue(round: RoundInLog): string | null {
  const { permit, claimed, route } = round;
  if (permit === null) return "no permit was issued for it";
  if (!claimed) return "its permit was never claimed";
  if (permit.basis === "policy") {
    return route !== null && isAutomatic(route) ? null : `its permit rests on the policy, which said ${route}`;
  }
  return isApproved(round) ? null : "nobody approved what its permit is for";
}

function lostEffects(lives: readonly Life[], effects: readonly WorldEffect[]): HistoryProblem[] {
  const happened = new Set(effects.map(({ idempotencyKey }) => idempotencyKey));
  return lives.flatMap((life): HistoryProblem[] => {
    const permit = roundsOf(life).at(-1)?.permit ?? null;
    if (life.closing?.status !== "executed" || (permit !== null && happened.has(permit.id))) return [];
    const { proposalId } = life;
    return [{ kind: "lost-effect", proposalId, what: `It was recorded as executed (${permit?.id}), nothing happened` }];
  });
}
