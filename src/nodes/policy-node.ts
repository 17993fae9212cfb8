import type { Command, LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Assent } from "./assent.js";
import { handOver } from "./audit-node.js";
import { progressOf, stepFor } from "./gate-progress.js";
import type { GateSettings } from "./gate-settings.js";
import { mayHoldAnswers } from "./kept-answers.js";
import { routeRound } from "./route.js";
import { runScope } from "./run-scope.js";
import type { GateState, GateUpdate } from "./state.js";

/**
 * The node that takes the next open proposal of the thread and routes it by policy.
 *
 * Replay contract: it never interrupts, so all of it may run again. Its two writes (binding, routing) let the first
 * one win; a re-run finds what was written. If we die after a write, the next run goes on from there.
 */
export function policyNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate | Command> => {
    const { threadId } = runScope(config);
    const {
      open: [next],
      ended,
    } = await progressOf(assent, gate, threadId, state);
    if (next === undefined) return ended.length > 0 ? handOver(ended, gate.into) : { step: "end" };
    const replayed = next.proposal.state === "closed";
    const routed = await routeRound(assent, gate, next);
    const olderAnswers = state.olderAnswers ?? (await mayHoldAnswers(assent, config));
    return { current: routed.proposal.id, step: stepFor(routed), reason: null, replayed, olderAnswers };
  };
}
