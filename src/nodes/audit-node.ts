import { Command, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Outcome } from "../model/outcome.js";
import type { Assent } from "./assent.js";
import type { GateSettings, Into } from "./gate-settings.js";
import { progressOf } from "./gate-progress.js";
import { runScope } from "./run-scope.js";
import type { GateState, GateUpdate } from "./state.js";

/**
 * The node that ends a case for the thread: it collects the outcome that the ledger recorded, and once nothing is open
 * any more hands all of them to the parent graph.
 *
 * Replay contract: it only reads, so all of it may run again. The case record was written with the outcome; if we die
 * here, the re-run hands over the same outcomes, and a fork of the thread gets them marked `replayed`.
 */
export function auditNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate | Command> => {
    const { threadId } = runScope(config);
    const held = state.current === undefined ? null : await assent.ledger.read(state.current);
    if (held === null || held.proposal.threadId !== threadId || held.outcome === null) return { step: "policy" };
    const done = [...(state.done ?? []), { proposalId: held.proposal.id, replayed: state.replayed ?? false }];
    const { open, ended } = await progressOf(assent, gate, threadId, { ...state, done });
    return open.length > 0 ? { done, step: "policy" } : handOver(ended, gate.into);
  };
}

/**
 * Hands outcomes to the parent graph, past the subgraph's own keys. Where several outcomes write one of your keys, the
 * last one wins; `outcomes` holds them all.
 */
export function handOver(ended: readonly Outcome[], into?: Into): Command {
  const own = Object.assign({}, ...ended.map((each) => into?.(each) ?? {})) as Record<string, unknown>;
  const outcomes = Object.fromEntries(ended.map((each) => [each.proposalId, each]));
  return new Command({ graph: Command.PARENT, update: { ...own, outcomes } });
}
