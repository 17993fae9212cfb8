import { checkHistory, type AcknowledgedDecision, type HistoryProblem } from "assent/testing";
import { FOLDER_OF, ModerateArgs } from "../../../graphs/mail-moderation/agent.js";
import type { Agent } from "./agent.js";
import { threadOf, type Plan } from "./plan.js";

/** Whether the promises held. */
export interface Judgement {
  /** Threads that were begun. */
  threads: number;
  effects: number;
  /** Cases of which nobody knows whether they took effect, as is right for what may not be repeated. */
  inDoubt: number;
  lostDecisions: number;
  doubleEffects: number;
  effectsWithoutDecision: number;
  stuckThreads: number;
  /** These and whatever else is wrong. */
  problems: HistoryProblem[];
}

/** What the history checker says, and the mailbox. */
export async function judgeAll(
  plan: Plan,
  agent: Agent,
  begun: readonly string[],
  acknowledged: readonly AcknowledgedDecision[],
): Promise<Judgement> {
  const { world, threads, assents } = agent;
  const { ledger } = assents.moderate;
  const report = await checkHistory({ ledger, effects: world.effects(), acknowledged, threads });
  const cases = await ledger.cases({ afterId: "", limit: 100_000 });
  const known = new Set(cases.map(({ proposal }) => proposal.threadId));
  const mute = begun.filter((threadId) => !known.has(threadId));
  const misplaced = await compareMailbox(plan, agent);
  const problems: HistoryProblem[] = [
    ...report.problems,
    ...misplaced,
    ...mute.map((threadId) => ({
      kind: "stuck-thread" as const,
      proposalId: null,
      what: `${threadId} was begun and has no case`,
    })),
  ];
  const more = (kind: HistoryProblem["kind"]): number => misplaced.filter((problem) => problem.kind === kind).length;
  return {
    threads: begun.length,
    effects: report.effects,
    inDoubt: cases.filter(({ outcome }) => outcome?.status === "in-doubt").length,
    lostDecisions: report.lostDecisions,
    doubleEffects: report.doubleEffects + more("double-effect"),
    effectsWithoutDecision: report.effectsWithoutDecision + more("effect-without-decision"),
    stuckThreads: report.stuckThreads + mute.length,
    problems,
  };
}

/** Every message is in the one folder that the ledger says it was moved to, or where it came from. */
async function compareMailbox(plan: Plan, { assents, mailbox, world }: Agent): Promise<HistoryProblem[]> {
  const { ledger } = assents.moderate;
  const keysOf = new Map<string, string[]>();
  for (const { key, messageId } of world.moves()) keysOf.set(messageId, [...(keysOf.get(messageId) ?? []), key]);
  const problems: HistoryProblem[] = [];
  for (const messageId of plan.messageIds) {
    const cases = await ledger.cases({ threadId: threadOf(messageId), afterId: "", limit: 10 });
    const held = cases.find(({ proposal }) => proposal.action === "moderate");
    const proposalId = held?.proposal.id ?? null;
    const isMoved = held?.outcome?.status === "executed";
    const due = isMoved ? FOLDER_OF[ModerateArgs.parse(held.round.args).verdict] : "incoming";
    const folder = await mailbox.locate(messageId);
    const keys = keysOf.get(messageId) ?? [];
    if (folder !== due) {
      const kind = due === "incoming" ? "effect-without-decision" : "lost-effect";
      problems.push({ kind, proposalId, what: `${messageId} is in ${folder} and should be in ${due}` });
    }
    if (keys.length > 1) {
      problems.push({ kind: "double-effect", proposalId, what: `${messageId} was moved under ${keys.join(" and ")}` });
    }
  }
  return problems;
}
