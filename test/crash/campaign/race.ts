import { join } from "node:path";
import type { AuditRow, Verdict } from "assent";
import { createDelivery } from "assent/service";
import { checkHistory, seededRandom, type AcknowledgedDecision } from "assent/testing";
import { inLines, showProblems, type Conclusion, type Surroundings } from "./conclusion.js";
import { openPaymentAgent, type PaymentAgent } from "./payment.js";
import type { Ground } from "./plan.js";
import { layGround } from "./prepare.js";
import type { Settings } from "./settings.js";
import { together, type Meeting } from "./together.js";

const PROCESSES = 4;
const PEOPLE = 64;

/** What a process is told whose people decide. */
export interface DecidingOrder extends Meeting {
  ground: Ground;
  url: string;
  reviewId: string;
  people: { id: string; decision: Extract<Verdict, "approve" | "modify" | "reject"> }[];
}

/** What one of them was told. */
export interface Told {
  /** `decided`, `repeated`, or the code of the error. */
  told: string;
  acknowledged: AcknowledgedDecision | null;
}

/** What a process is told that resumes. */
export interface ResumingOrder extends Meeting {
  ground: Ground;
  url: string;
  threadId: string;
  count: number;
}

/** What came of many who decided one review. */
interface Contest {
  threadId: string;
  told: Told[];
  /** Whether something is to be done now. */
  isPermitted: boolean;
}

/**
 * Many people decide one review at the same moment, in several processes; then its thread is resumed many times at the
 * same moment. Where a rejection was the first, another review is contested, until something is to be done.
 */
export async function runRace({ resumes, seed }: Settings, surroundings: Surroundings): Promise<Conclusion> {
  const { note, postgres, programs } = surroundings;
  const ground = await layGround("race", surroundings);
  const agent = await openPaymentAgent(ground, postgres.url, "hosts");
  try {
    const random = seededRandom(seed);
    const contests: Contest[] = [];
    for (let last: Contest | undefined; last?.isPermitted !== true;) {
      note(`race: ${PEOPLE} people decide one review`);
      last = await contest(`thread-${contests.length + 1}`, { ground, agent, random, surroundings });
      contests.push(last);
    }
    const { threadId } = contests.at(-1) ?? { threadId: "" };
    note(`race: ${resumes} resumes of its thread`);
    const go = join(ground.folder, "resume");
    const share = (nth: number): number => Math.floor((resumes + nth) / PROCESSES);
    const orders = Array.from({ length: PROCESSES }, (_, nth): [string, ResumingOrder] => [
      programs.program("race-resumer"),
      { go, ground, url: postgres.url, threadId, count: share(nth) },
    ]);
    const ended = await together<string>(orders);
    note(`race: they ended with ${JSON.stringify(tally(ended))}`);
    const delivery = createDelivery({ ledger: agent.assent.ledger, threads: agent.threads });
    for (const each of contests) await delivery.deliver(each.threadId);
    return await judgeRace(contests, ended.length, agent, note);
  } finally {
    await agent.postgres.close();
  }
}

interface Contesting {
  ground: Ground;
  agent: PaymentAgent;
  random: () => number;
  surroundings: Surroundings;
}

async function contest(threadId: string, { ground, agent, random, surroundings }: Contesting): Promise<Contest> {
  const { postgres, programs } = surroundings;
  await agent.threads.start(threadId, {});
  const [asked] = (await agent.assent.reviews.list({ threadId })).items;
  if (asked === undefined) throw new Error("nobody was asked");
  const verdicts = ["approve", "modify", "reject"] as const;
  const people = Array.from({ length: PEOPLE }, (_, nth) => ({
    id: `person-${nth}`,
    decision: verdicts[Math.floor(random() * verdicts.length)] ?? "approve",
  }));
  const orders = Array.from({ length: PROCESSES }, (_, process): [string, DecidingOrder] => [
    programs.program("race-decider"),
    {
      go: join(ground.folder, `decide-${threadId}`),
      ground,
      url: postgres.url,
      reviewId: asked.review.id,
      people: people.filter((_person, nth) => nth % PROCESSES === process),
    },
  ]);
  const told = await together<Told>(orders);
  const after = await agent.assent.ledger.read(asked.review.proposalId);
  return { threadId, told, isPermitted: after?.permit?.state === "issued" };
}

async function judgeRace(
  contests: readonly Contest[],
  resumes: number,
  { assent, threads, world }: PaymentAgent,
  note: (line: string) => void,
): Promise<Conclusion> {
  const told = contests.flatMap((each) => each.told);
  const acknowledged = told.flatMap((each) => (each.acknowledged === null ? [] : [each.acknowledged]));
  const report = await checkHistory({ ledger: assent.ledger, effects: world.effects(), acknowledged, threads });
  showProblems(report.problems, note);
  const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 1_000_000 });
  const counted = (kind: AuditRow["kind"]): number => rows.filter((row) => row.kind === kind).length;
  const { effects, lostDecisions, doubleEffects, effectsWithoutDecision, stuckThreads } = report;
  const tellings = tally(told.map((each) => each.told));
  const { decided = 0, repeated = 0, review_closed: closed = 0 } = tellings;
  const json = {
    reviews: contests.length,
    deciders: told.length,
    decisions: counted("decided"),
    told: tellings,
    resumes,
    permits: counted("permitted"),
    claims: counted("claimed"),
    effects,
    lostDecisions,
    doubleEffects,
    effectsWithoutDecision,
    stuckThreads,
  };
  const isOneOutcome =
    json.decisions === contests.length && decided === contests.length && decided + repeated + closed === told.length;
  const isOneEffect = effects === 1 && json.permits === 1 && counted("executed") === 1;
  return { isFine: report.ok && isOneOutcome && isOneEffect, json, text: inLines(json) };
}

/** How often each was said. */
function tally(said: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of said) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
