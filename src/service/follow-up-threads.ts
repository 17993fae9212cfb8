import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { Ledger } from "../ledger/ledger.js";
import type { Case } from "../model/case.js";
import { afterWhat, followUpOn, isFollowUpThread } from "../model/follow-up.js";
import { actionOf } from "../nodes/actions.js";
import { awaitsAgain, openAgain } from "../nodes/again.js";
import type { Assent } from "../nodes/assent.js";
import { followUpGate } from "../nodes/follow-up-gate.js";
import { AssentState } from "../nodes/state.js";
import { addGate } from "../patterns/add-gate.js";
import { gateGraph } from "../patterns/gate-graph.js";
import { unknownProposal } from "../ledger/unknown-proposal.js";
import { apart } from "./apart.js";
import { NEW_THREAD, type Threads, type ThreadState } from "./threads.js";

/** What {@link followUpThreads} works with. */
export interface FollowUpThreadsOptions {
  ledger: Ledger;
  /** Those that carry follow-ups out: each those of the actions that it has. */
  assents: readonly Assent[];
  /** Every other thread. */
  threads: Threads;
  /** Told that nobody here has the action of what waits. */
  onStranded?: (threadId: string, action: string) => void;
}

/**
 * Threads, and with them what stands in the place of one for a follow-up: where it is follows from the ledger alone, and
 * going on with it is one run of a gate of its own, which keeps nothing. Permit, claim and lease are those of every gate,
 * so whoever dies in here is followed by the next, and two at once have one effect.
 */
export function followUpThreads({ ledger, assents, threads, onStranded }: FollowUpThreadsOptions): Threads {
  async function run(threadId: string): Promise<void> {
    const held = await ledger.read(followUpOn(threadId));
    if (held === null) throw unknownProposal(followUpOn(threadId));
    const assent = carrierOf(assents, held);
    if (assent === undefined) return;
    if (held.proposal.state === "closed") await openAgain(assent, held);
    else await runGate(assent, held);
  }
  return apart({
    async state(threadId) {
      if (!isFollowUpThread(threadId)) return threads.state(threadId);
      const held = await ledger.read(followUpOn(threadId));
      const state = await followUpState(ledger, held);
      const isStuck = held !== null && hasWork(held, state) && carrierOf(assents, held) === undefined;
      if (!isStuck) return state;
      onStranded?.(threadId, held.proposal.action);
      return { ...state, status: "waiting", pending: [] };
    },
    start: (threadId, input) => (isFollowUpThread(threadId) ? run(threadId) : threads.start(threadId, input)),
    resume: (threadId, answers) => (isFollowUpThread(threadId) ? run(threadId) : threads.resume(threadId, answers)),
    proceed: (threadId) => (isFollowUpThread(threadId) ? run(threadId) : threads.proceed(threadId)),
  });
}

/**
 * Where a follow-up is: open, it waits for its review until that is settled, and has work left then; closed, it is
 * finished, unless it is still to be run again.
 */
export async function followUpState(ledger: Ledger, held: Case | null): Promise<ThreadState> {
  if (held === null) return NEW_THREAD;
  const at = (status: ThreadState["status"], pending: string[] = []): ThreadState => ({
    status,
    pending,
    movedAt: null,
  });
  const { proposal, review } = held;
  if (proposal.state === "closed") return at((await awaitsAgain(ledger, held)) ? "stopped" : "finished");
  return review === null ? at("stopped") : at("waiting", [review.address.interruptId]);
}

/** Whether somebody has to do something about it that no person is asked about. */
function hasWork({ proposal, review }: Case, { status }: ThreadState): boolean {
  return status === "stopped" || (proposal.state === "open" && review?.status !== "open");
}

function carrierOf(assents: readonly Assent[], { proposal }: Case): Assent | undefined {
  return assents.find((assent) => actionOf(assent, proposal.action) !== undefined);
}

/** Runs the follow-up's gate as far as the ledger lets it. What it asks is in the ledger, so its pause is not kept. */
async function runGate(assent: Assent, held: Case): Promise<void> {
  const { id, threadId } = held.proposal;
  const name = held.proposal.gate ?? afterWhat(held)?.kind ?? "after";
  const gate = { build: (as: string) => gateGraph(assent, followUpGate(assent, as)) };
  const graph = addGate(new StateGraph(AssentState), name, gate).addEdge(START, name);
  await graph
    .compile({ checkpointer: new MemorySaver() })
    .invoke({ proposals: [id] }, { configurable: { thread_id: threadId }, durability: "sync" });
}
