import type { Runnable } from "@langchain/core/runnables";
import { END, START, StateGraph, isCommand } from "@langchain/langgraph";
import { z } from "zod";
import type { Assent } from "../nodes/assent.js";
import { auditNode } from "../nodes/audit-node.js";
import { executeNode } from "../nodes/execute-node.js";
import type { GateOptions, GateSettings } from "../nodes/gate-settings.js";
import { policyNode } from "../nodes/policy-node.js";
import { reviewNode } from "../nodes/review-node.js";
import { GateInput, GateState, gateInput, type GateStep } from "../nodes/state.js";
import { markGate } from "./gate-mark.js";

/** A gate that is not yet part of a graph; `addGate` gives it its name. */
export interface Gate {
  /** Builds the gate's subgraph under a name. */
  build(name: string): Runnable;
}

/**
 * The approval gate: policy decides what goes through by itself, people decide the rest, and each approved action runs
 * once. A subgraph with four visible nodes, `policy`, `review`, `execute` and `audit`, and private state.
 *
 * It takes the thread's open proposals in state order, one after the other, until none is open.
 *
 * @example
 * ```ts
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { AssentState, addGate, approvalGate, createAssent, memoryLedger, policy } from "assent";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
 * export const graph = addGate(builder, "gate", approvalGate(assent))
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "gate")
 *   .compile();
 * ```
 */
export function approvalGate(assent: Assent, options: GateOptions = {}): Gate {
  return { build: (name) => approvalSubgraph(assent, { name, ...options }) };
}

function approvalSubgraph(assent: Assent, gate: GateSettings) {
  const towards = ({ step }: GateState): Exclude<GateStep, "end"> | typeof END =>
    step === undefined || step === "end" ? END : step;
  const options = { cachePolicy: false };
  const builder = new StateGraph({
    state: GateState,
    input: GateInput,
    // Outcomes go to the parent by a command; the subgraph itself has nothing to add.
    output: z.object({}),
  })
    .addNode("policy", policyNode(assent, gate), { ...options, ends: [] })
    .addNode("review", reviewNode(assent, gate), options)
    .addNode("execute", executeNode(assent), options)
    .addNode("audit", auditNode(assent, gate), options)
    .addEdge(START, "policy")
    .addConditionalEdges("policy", towards, ["policy", "review", "execute", "audit", END])
    .addConditionalEdges("review", towards, ["policy", "review", "execute", "audit"])
    .addConditionalEdges("execute", towards, ["policy", "review", "audit"])
    .addConditionalEdges("audit", towards, ["policy", END]);
  markGate(builder, { assent, name: gate.name });
  const subgraph = builder.compile();
  // The caller's limit counts the steps of a graph that may loop for ever. A gate takes up to four for each proposal,
  // and LangGraph's 25 would stop it at the ninth; `withConfig` does not help, for the caller's config wins.
  const invoke = subgraph.invoke.bind(subgraph);
  subgraph.invoke = (input, options) =>
    invoke(input === null || isCommand(input) ? input : gateInput(input), { ...options, recursionLimit: STEPS_MAX });
  return subgraph;
}

const STEPS_MAX = 10_000;
