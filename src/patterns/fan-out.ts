import { setMaxListeners } from "node:events";
import type { Runnable } from "@langchain/core/runnables";
import { Send, START, StateGraph, isCommand, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import type { Action } from "../model/action.js";
import type { Outcome } from "../model/outcome.js";
import type { Assent } from "../nodes/assent.js";
import { handOver } from "../nodes/audit-node.js";
import { notingAnswer } from "../nodes/kept-answers.js";
import type { ProposeOptions } from "../nodes/propose.js";
import { runScope } from "../nodes/run-scope.js";
import { AssentState } from "../nodes/state.js";
import { gateGraph, GATE_STEPS_MAX, type Gate } from "./gate-graph.js";
import { markGate } from "./gate-mark.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** Options of {@link fanOut}. `State` is the state of your graph. */
export interface FanOutOptions<Schema extends z.ZodObject, State, Name extends string = string> extends GateTerms {
  /** What is proposed. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever its result is
  action: Action<Schema, any, Name>;
  /** The arguments of each proposal, in the order in which results come back. */
  args: (state: State) => readonly z.input<Schema>[];
  /** Facts and evidence that go with one of them. */
  options?: (args: z.input<Schema>, index: number) => Omit<ProposeOptions, "key">;
  /** What becomes of the outcomes in your state: one for each, in the order of `args`. */
  into?: (outcomes: readonly Outcome[]) => Record<string, unknown>;
}

const FanState = AssentState.extend({ seed: z.array(z.unknown()).default([]) });
type FanState = z.infer<typeof FanState>;

/**
 * Many at once: one proposal and one gate of its own for each, side by side. People may decide on some of them while the
 * rest keeps waiting, each by its review; results come back in order, and a rejected one never takes an approved one
 * with it. It goes on once all have ended.
 *
 * @throws AssentError `gate_invalid` for a duration that is none.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, defineAction, fanOut, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const payout = defineAction({
 *   name: "payout",
 *   args: z.object({ to: z.string(), cents: z.int() }),
 *   summary: (a) => `Pay ${a.cents} cents to ${a.to}`,
 *   idempotent: true,
 *   run: () => null,
 * });
 * const State = AssentState.extend({ payouts: z.array(z.object({ to: z.string(), cents: z.int() })) });
 * const assent = createAssent({ actions: [payout], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const payouts = fanOut(assent, { action: payout, args: (s: z.infer<typeof State>) => s.payouts });
 * export const graph = addGate(new StateGraph(State), "pay", payouts).addEdge(START, "pay").compile();
 * ```
 */
export function fanOut<Schema extends z.ZodObject, State = Record<string, never>, Name extends string = string>(
  assent: Assent<Name>,
  fan: FanOutOptions<Schema, State, NoInfer<Name>>,
): Gate {
  return { build: (name) => fanGraph(assent, name, fan as unknown as FanOutOptions<z.ZodObject, unknown>) };
}

function fanGraph(assent: Assent, name: string, fan: FanOutOptions<z.ZodObject, unknown>): Runnable {
  const terms = termsIn(fan);
  const requires = Object.keys(terms).length === 0 ? undefined : gateRequirement(name, terms);
  const gate = gateGraph(assent, {
    name,
    action: fan.action.name,
    ...(requires && { tighten: (_, { route }) => (route === "review" ? { route, because: "", requires } : null) }),
  });
  // All of them listen to the signals of this graph's step, which are others than those of the graph around it.
  const invokeGate = gate.invoke.bind(gate);
  gate.invoke = (input, config) => {
    expectListeners(config ?? {});
    return invokeGate(input, config);
  };
  const options = { cachePolicy: false };
  const builder = new StateGraph({ state: FanState, output: z.object({}) })
    .addNode("propose", proposeAll(assent, fan), options)
    .addNode("one", gate, options)
    .addNode("collect", collect(assent, fan), { ...options, ends: [] })
    .addEdge(START, "propose")
    .addConditionalEdges("propose", toEach, ["one", "collect"])
    .addEdge("one", "collect");
  markGate(builder, { assent, name });
  const subgraph = builder.compile();
  const invoke = subgraph.invoke.bind(subgraph) as (input: unknown, config: object) => Promise<unknown>;
  subgraph.invoke = ((input: unknown, config: LangGraphRunnableConfig) => {
    expectListeners(config);
    return invoke(input === null || isCommand(input) ? input : { seed: fan.args(input) }, {
      ...notingAnswer(config),
      recursionLimit: GATE_STEPS_MAX,
    });
  }) as typeof subgraph.invoke;
  return subgraph;
}

/** Every gate listens to the run's signals while it runs; Node takes more than ten listeners for a leak, and says so. */
function expectListeners({ signal, configurable }: Pick<LangGraphRunnableConfig, "signal" | "configurable">): void {
  const handedDown = Object.values(Object(configurable?.["__pregel_abort_signals"]));
  for (const each of [signal, ...handedDown]) if (each instanceof AbortSignal) setMaxListeners(0, each);
}

/** Replay contract: it never interrupts, and proposals are keyed by this pass of the gate and their place in it. */
function proposeAll(assent: Assent, { action, options }: FanOutOptions<z.ZodObject, unknown>) {
  return async ({ seed }: FanState, config: LangGraphRunnableConfig): Promise<Partial<FanState>> => {
    const { checkpointNs } = runScope(config);
    const pass = checkpointNs.slice(0, checkpointNs.lastIndexOf("|"));
    const proposals: string[] = [];
    for (const [index, args] of seed.entries()) {
      const drafted = args as Record<string, unknown>;
      const made = await assent.propose(action, drafted, { ...options?.(drafted, index), key: `${pass}/${index + 1}` });
      proposals.push(...made.proposals);
    }
    return { proposals };
  };
}

function toEach({ proposals }: FanState): Send[] | "collect" {
  return proposals.length === 0 ? "collect" : proposals.map((id) => new Send("one", { proposals: [id] }));
}

/** Replay contract: it only reads; what it hands on is what the ledger recorded. */
function collect({ ledger }: Assent, { into }: FanOutOptions<z.ZodObject, unknown>) {
  return async ({ proposals }: FanState) => {
    const ended: Outcome[] = [];
    for (const id of proposals) {
      const outcome = (await ledger.read(id))?.outcome;
      if (outcome) ended.push(outcome);
    }
    const command = handOver(ended);
    Object.assign(command.update as object, into?.(ended));
    return command;
  };
}
