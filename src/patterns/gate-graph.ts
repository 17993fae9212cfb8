import { END, START, StateGraph, isCommand, type Command, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Runnable } from "@langchain/core/runnables";
import { z } from "zod";
import type { Assent } from "../nodes/assent.js";
import { auditNode } from "../nodes/audit-node.js";
import { executeNode } from "../nodes/execute-node.js";
import type { GateSettings } from "../nodes/gate-settings.js";
import { notingAnswer } from "../nodes/kept-answers.js";
import { policyNode } from "../nodes/policy-node.js";
import { reviewNode } from "../nodes/review-node.js";
import { reviseNode } from "../nodes/revise-node.js";
import { runScope } from "../nodes/run-scope.js";
import { GateInput, GateState, gateInput, type GateStep } from "../nodes/state.js";
import { markGate } from "./gate-mark.js";

/** A gate that is not yet part of a graph; `addGate` gives it its name. */
export interface Gate {
  /** Builds the gate's subgraph under a name. */
  build(name: string): Runnable;
}

/** A gate that proposes by itself, from the state of the graph around it. */
export interface SelfProposing {
  /** What it takes from that state, as plain JSON; kept with the gate while it waits. */
  seed: (state: Record<string, unknown>) => unknown;
  /**
   * Proposes. It may run again after a crash, so every proposal needs the key that it is given, or one that begins with
   * it: the same for this pass of the gate, another for every other. A command ends the gate at once.
   */
  propose: (seed: unknown, key: string) => Promise<{ proposals: string[] } | Command>;
}

/**
 * The subgraph behind every pattern: `policy`, `review`, `execute` and `audit`, with private state; `revise` where an
 * agent makes more than one draft, and `propose` where the gate itself is the one who proposes.
 */
export function gateGraph(assent: Assent, gate: GateSettings, self?: SelfProposing): Runnable {
  const towards = ({ step }: GateState): Exclude<GateStep, "end"> | typeof END =>
    step === undefined || step === "end" ? END : step;
  const options = { cachePolicy: false };
  // oxlint-disable-next-line typescript/no-explicit-any -- which nodes there are depends on the pattern
  const builder: any = new StateGraph({
    state: GateState,
    input: GateInput,
    // Outcomes go to the parent by a command; the subgraph itself has nothing to add.
    output: z.object({}),
  })
    .addNode("policy", policyNode(assent, gate), { ...options, ends: [] })
    .addNode("review", reviewNode(assent, gate), options)
    .addNode("execute", executeNode(assent, gate), options)
    .addNode("audit", auditNode(assent, gate), options);
  const drafts = gate.revise === undefined ? [] : ["revise"];
  if (gate.revise !== undefined) {
    builder.addNode("revise", reviseNode(assent, gate), options).addEdge("revise", "policy");
  }
  if (self === undefined) builder.addEdge(START, "policy");
  else {
    builder
      .addNode("propose", proposeNode(self), { ...options, ends: [] })
      .addEdge(START, "propose")
      .addEdge("propose", "policy");
  }
  builder
    .addConditionalEdges("policy", towards, ["policy", "review", "execute", "audit", ...drafts, END])
    .addConditionalEdges("review", towards, ["policy", "review", "execute", "audit", ...drafts])
    .addConditionalEdges("execute", towards, ["policy", "review", "audit", ...drafts])
    .addConditionalEdges("audit", towards, ["policy", END]);
  markGate(builder, { assent, name: gate.name });
  const subgraph = builder.compile();
  // The caller's limit counts the steps of a graph that may loop for ever. A gate takes up to four for each proposal,
  // and LangGraph's 25 would stop it at the ninth; `withConfig` does not help, for the caller's config wins.
  const invoke = subgraph.invoke.bind(subgraph);
  subgraph.invoke = (input: unknown, config: object) =>
    invoke(input === null || isCommand(input) ? input : { ...gateInput(input), ...seedOf(self, input) }, {
      ...notingAnswer(config),
      recursionLimit: GATE_STEPS_MAX,
    });
  return subgraph as Runnable;
}

/** More steps than any pass of a gate takes. */
export const GATE_STEPS_MAX = 10_000;

function seedOf(self: SelfProposing | undefined, state: unknown): { seed?: unknown } {
  return self === undefined ? {} : { seed: self.seed(Object(state) as Record<string, unknown>) };
}

/**
 * The node in which a gate proposes by itself.
 *
 * Replay contract: it never interrupts. Proposals are keyed by the gate's own task, so a re-run gets those that were
 * recorded; another pass of the gate, in a loop, is another task and proposes anew.
 */
function proposeNode({ propose }: SelfProposing) {
  return async (state: GateState, config: LangGraphRunnableConfig) => {
    const { checkpointNs } = runScope(config);
    const pass = checkpointNs.slice(0, checkpointNs.lastIndexOf("|"));
    return propose(state.seed, pass);
  };
}
