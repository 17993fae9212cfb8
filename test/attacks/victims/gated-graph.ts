import { START, StateGraph, getConfig } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { AssentState, addGate, createAssent, defineAction, policy } from "assent";
import type { RunContext, Assent, Clock, Gate, Keys, Ledger } from "assent";
import { z } from "zod";
import type { EffectFile } from "../../support/effects.js";
import { withDefaults } from "../defaults.js";
import type { Faults } from "../faults.js";
import type { Compilable } from "../hosts/host.js";
import type { Shape } from "../shapes.js";
import { connect, stagesOf, threadOf, type Stage } from "../stage.js";
import type { Anatomy, Payment } from "../victim.js";
import { asApprovalGate } from "./patterns/acting.js";
import { PayArgs, type Pattern, type Pay } from "./patterns/pattern.js";
import { people } from "./people.js";

/** The names of the nodes where a pattern stands at the gate. */
export function gatedAnatomy({ inside }: Pattern): Anatomy {
  return { agent: "agent", gate: "gate", after: "report", inside };
}

/** What Assent has around it. */
export interface GatedSurroundings {
  ledger: Ledger;
  effects: EffectFile<Payment>;
  keys: Keys;
  faults: Faults;
  /** The clock of whoever has all this; the machine's own unless said. */
  clock?: Clock | undefined;
}

// What a gate handed on, for the node after it.
const handed = z.array(PayArgs);

const State = AssentState.extend({
  ticket: z.string().optional(),
  // Where a graph keeps what its agent said of a payment; no gate reads it.
  facts: z.record(z.string(), z.unknown()).optional(),
  // The agent's note to a gate that proposes for itself.
  thread: z.string().optional(),
  paid: z.record(z.string(), z.string()).optional(),
  handed: withLangGraph(handed, {
    reducer: {
      schema: handed,
      fn: (known: z.infer<typeof handed>, added: z.infer<typeof handed>) => [...known, ...added],
    },
    default: () => [],
  }),
});
type State = z.infer<typeof State>;

/** Assent with the actions of every stage. */
export function assentFor(surroundings: GatedSurroundings, { gates, trust, redrafts }: Shape, pattern: Pattern) {
  const { ledger, effects, keys, faults, clock } = surroundings;
  const happen = async (args: Payment, { idempotencyKey }: RunContext): Promise<void> => {
    const threadId = threadOf(getConfig());
    // Where workers die, the service behind the action honours its keys, as an idempotent one does.
    const isKnown = redrafts && effects.read().some((effect) => effect.idempotencyKey === idempotencyKey);
    if (!isKnown) await effects.cause({ args, threadId, idempotencyKey });
    await faults.pass("paid", threadId);
  };
  // What people say yes to is the effect: the payment; or that it is taken back, where it was made before.
  const effect =
    pattern.pays === undefined
      ? { run: happen }
      : { run: () => {}, undo: (args: Payment, _: void, context: RunContext) => happen(args, context) };
  const actions = gates.map((_, index) =>
    defineAction({
      name: actionOf(index),
      args: PayArgs,
      summary: ({ order, cents }) => `Pay ${cents} cents for ${order}`,
      facts: ({ cents }) => ({ amount: { value: cents / 100, currency: "USD" } }),
      idempotent: true,
      ...effect,
    }),
  );
  const assent = createAssent({
    actions,
    ledger,
    keys,
    trust: trust ?? "verified",
    authenticators: [people],
    // What is small needs nobody.
    policy: policy({
      rules: [{ id: "small", when: { amount: { lt: "5 USD" } }, route: "execute" }],
      default: { route: "review" },
    }),
    ...pattern.setUp,
    ...(redrafts && { leaseMs: 300 }),
    ...(clock && { clock }),
  });
  return { assent, actions };
}

/** Assent as {@link assentFor} makes it, with a gate for every stage. */
export function gatesFor(surroundings: GatedSurroundings, shape: Shape, pattern: Pattern) {
  const { faults, effects } = surroundings;
  const { assent, actions } = assentFor(surroundings, shape, pattern);
  const stages = stagesOf(shape, gatedAnatomy(pattern)).map((stage) => {
    const pay = actions[stage.index]!;
    const options = shape.sideBySide ? { action: actionOf(stage.index) } : {};
    return { stage, pay, gate: pattern.gate({ assent, pay, stage, faults, effects, options }) };
  });
  return { assent, stages };
}

/** The same agents as in {@link plainGraph}, with a gate of Assent; an approval gate unless said. */
export function gatedGraph(surroundings: GatedSurroundings, shape: Shape, pattern = asApprovalGate): Compilable {
  const { faults, effects } = surroundings;
  const { assent, stages } = gatesFor({ ...surroundings, ledger: faults.ledger(surroundings.ledger) }, shape, pattern);
  // oxlint-disable-next-line typescript/no-explicit-any -- the names of the nodes are made in a loop
  const builder: any = new StateGraph(State);
  for (const { stage, pay, gate } of stages) {
    const proposes = agentOf(assent, { stage, pay, faults, pattern, isKeyed: shape.keyed ?? false });
    builder.addNode(stage.agent, pattern.proposes === "agent" ? proposes : notesOf(assent, { stage, pay, pattern }));
    if (shape.around === undefined) addGate(builder, stage.gate, gate);
    else builder.addNode(stage.gate, graphWithGate(stage.gate, gate));
    const isLast = stage.index === 0 || !shape.sideBySide;
    if (isLast) builder.addNode(stage.after, pattern.ends === "hands on" ? pays(effects) : () => ({}));
  }
  connect(
    builder,
    START,
    stages.map(({ stage }) => stage),
    shape,
  );
  return withDefaults(builder, shape.around);
}

interface Proposing {
  stage: Stage;
  pay: Pay;
  faults: Faults;
  pattern: Pattern;
  isKeyed: boolean;
}

function agentOf(assent: Assent, { stage, pay, faults, pattern, isKeyed }: Proposing) {
  return async (_: State, config: LangGraphRunnableConfig) => {
    const threadId = threadOf(config);
    const drafted = stage.payments(threadId, faults.draft(threadId));
    const made = await Promise.all(
      drafted.map((payment, nth) =>
        assent.propose(pay, payment, { ...pattern.facts?.(payment), ...(isKeyed && { key: `payment ${nth + 1}` }) }),
      ),
    );
    return { proposals: made.flatMap((each) => each.proposals) };
  };
}

/** The agent where the gate itself is the one who proposes. */
function notesOf(assent: Assent, { stage, pay, pattern }: Pick<Proposing, "stage" | "pay" | "pattern">) {
  return async ({ paid }: State, config: LangGraphRunnableConfig): Promise<Partial<State>> => {
    const thread = threadOf(config);
    const made = await pattern.pays?.({ assent, pay }, stage.payments(thread));
    return { thread, ...(made && { paid: { ...paid, ...made } }) };
  };
}

/** The node that pays what it is handed. It may run again, so it pays by a service that takes each order once. */
function pays(effects: EffectFile<Payment>) {
  return (state: State, config: LangGraphRunnableConfig) => {
    for (const args of state.handed ?? []) {
      effects.causeOnce({ args, threadId: threadOf(config), idempotencyKey: args.order });
    }
    return {};
  };
}

/** A graph that is nothing but a gate. */
function graphWithGate(name: string, gate: Gate) {
  return addGate(new StateGraph(State), name, gate)
    .addEdge(START, name as never)
    .compile();
}

function actionOf(index: number): string {
  return index === 0 ? "pay" : `pay-${index + 1}`;
}
