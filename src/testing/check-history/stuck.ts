import type { Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import { followUpOn, isFollowUpThread } from "../../model/follow-up.js";
import { followUpState } from "../../service/follow-up-threads.js";
import type { Threads, ThreadState } from "../../service/threads.js";
import type { HistoryProblem } from "./problem.js";

/** Cases at rest that are neither closed nor wait for a person, and threads that do not go with their cases. */
export async function whyStuck(
  cases: readonly Case[],
  threads: Pick<Threads, "state"> | undefined,
): Promise<{ threads: number; problems: HistoryProblem[] }> {
  const byThread = new Map<string, Case[]>();
  for (const held of cases) {
    const { threadId } = held.proposal;
    byThread.set(threadId, [...(byThread.get(threadId) ?? []), held]);
  }
  const problems: HistoryProblem[] = [];
  let stuck = 0;
  for (const [threadId, held] of byThread) {
    const state = await threads?.state(threadId);
    const found = held.flatMap((each): HistoryProblem[] => {
      const what = whyCaseStuck(each) ?? (state && whyThreadStuck(each, state)) ?? null;
      return what === null
        ? []
        : [{ kind: "stuck-thread", proposalId: each.proposal.id, what: `${threadId}: ${what}` }];
    });
    if (found.length > 0) stuck += 1;
    problems.push(...found);
  }
  return { threads: stuck, problems };
}

/** Threads, and what stands in the place of one for a follow-up. */
export function withFollowUps(ledger: Ledger, threads: Pick<Threads, "state">): Pick<Threads, "state"> {
  return {
    state: async (threadId) =>
      isFollowUpThread(threadId)
        ? followUpState(ledger, await ledger.read(followUpOn(threadId)))
        : threads.state(threadId),
  };
}

function isOpen({ proposal }: Case): boolean {
  return proposal.state === "open";
}

function whyCaseStuck(held: Case): string | null {
  if (!isOpen(held)) return null;
  const { permit, review, round } = held;
  if (permit !== null && permit.state !== "void") return `its permit is ${permit.state}, and nobody carries it out`;
  if (round.routing === null) return "the policy has not been asked";
  if (review?.round !== round.round) return "nobody has been asked";
  if (review.status !== "open") return "it is decided, and nothing followed";
  return round.routing.explanation === "" ? "a person is asked, for no stated reason" : null;
}

function whyThreadStuck(held: Case, { status, pending }: ThreadState): string | null {
  switch (status) {
    case "finished":
      return isOpen(held) ? "the thread has finished, the case is open" : null;
    case "waiting":
      if (!isOpen(held) || pending.includes(held.review?.address.interruptId ?? "")) return null;
      return "the thread does not wait where the review was asked";
    case "new":
      return "the thread was never run";
    case "stopped":
      return "the thread has work left, and nobody does it";
    default:
      return status satisfies never;
  }
}
