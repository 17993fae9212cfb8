import { START, StateGraph, getConfig } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate, createAssent, defineAction, policy } from "assent";
import type { Action, Assent, Clock, GateOptions, Keys, Ledger } from "assent";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";
import type { EffectFile } from "../../support/effects.js";
import { withDefaults } from "../defaults.js";
import type { Faults } from "../faults.js";
import type { Compilable } from "../hosts/host.js";
import type { Shape } from "../shapes.js";
import { connect, stagesOf, threadOf, type Stage } from "../stage.js";
import type { Anatomy, Payment } from "../victim.js";

export const gatedAnatomy: Anatomy = {
  agent: "agent",
  gate: "gate",
  after: "report",
  inside: ["policy", "review", "execute", "audit"],
};

/** Whoever it is told is there. */
export const people = testAuthenticator();

/** What Assent has around it. */
export interface GatedSurroundings {
  ledger: Ledger;
  effects: EffectFile<Payment>;
  keys: Keys;
  faults: Faults;
  /** The clock of whoever has all this; the machine's own unless said. */
  clock?: Clock | undefined;
}

const State = AssentState.extend({
  ticket: z.string().optional(),
  // Where a graph keeps what its agent said of a payment; no gate reads it.
  facts: z.record(z.string(), z.unknown()).optional(),
});
type State = z.infer<typeof State>;

const PayArgs = z.object({ order: z.string(), cents: z.int() });
type Pay = Action<typeof PayArgs, void>;

/** Assent with the actions of every stage. What is small needs nobody. */
export function assentFor(surroundings: GatedSurroundings, { gates, trust, redrafts }: Shape) {
  const { ledger, effects, keys, faults, clock } = surroundings;
  const actions = gates.map((_, index) =>
    defineAction({
      name: actionOf(index),
      args: PayArgs,
      summary: ({ order, cents }) => `Pay ${cents} cents for ${order}`,
      facts: ({ cents }) => ({ amount: { value: cents / 100, currency: "USD" } }),
      idempotent: true,
      run: async (args, { idempotencyKey }): Promise<void> => {
        const threadId = threadOf(getConfig());
        // Where workers die, the service behind the action honours its keys, as an idempotent one does.
        const isKnown = redrafts && effects.read().some((effect) => effect.idempotencyKey === idempotencyKey);
        if (!isKnown) await effects.cause({ args, threadId, idempotencyKey });
        await faults.pass("paid", threadId);
      },
    }),
  );
  const assent = createAssent({
    actions,
    ledger,
    keys,
    trust: trust ?? "verified",
    authenticators: [people],
    policy: policy({
      rules: [{ id: "small", when: { amount: { lt: "5 USD" } }, route: "execute" }],
      default: { route: "review" },
    }),
    ...(redrafts && { leaseMs: 300 }),
    ...(clock && { clock }),
  });
  return { assent, actions };
}

/** The same agents as in {@link plainGraph}, with Assent's approval gates. */
export function gatedGraph(surroundings: GatedSurroundings, shape: Shape): Compilable {
  const { faults } = surroundings;
  const { assent, actions } = assentFor({ ...surroundings, ledger: faults.ledger(surroundings.ledger) }, shape);
  // oxlint-disable-next-line typescript/no-explicit-any -- the names of the nodes are made in a loop
  const builder: any = new StateGraph(State);
  const stages = stagesOf(shape, gatedAnatomy);
  for (const stage of stages) {
    const { index, agent, gate, after } = stage;
    builder.addNode(agent, proposes(assent, { stage, pay: actions[index]!, faults, isKeyed: shape.keyed ?? false }));
    // Gates side by side see the same proposals, and have to tell whose are whose.
    const options = shape.sideBySide ? { action: actionOf(index) } : {};
    if (shape.around === undefined) addGate(builder, gate, approvalGate(assent, options));
    else builder.addNode(gate, graphWithGate(assent, gate, options));
    if (index === 0 || !shape.sideBySide) builder.addNode(after, () => ({}));
  }
  connect(builder, START, stages, shape);
  return withDefaults(builder, shape.around);
}

interface Proposing {
  stage: Stage;
  pay: Pay;
  faults: Faults;
  isKeyed: boolean;
}

function proposes(assent: Assent, { stage, pay, faults, isKeyed }: Proposing) {
  return async (_: State, config: LangGraphRunnableConfig) => {
    const threadId = threadOf(config);
    const drafted = stage.payments(threadId, faults.draft(threadId));
    const made = await Promise.all(
      drafted.map((payment, nth) => assent.propose(pay, payment, isKeyed ? { key: `payment ${nth + 1}` } : {})),
    );
    await faults.pass("proposed", threadId);
    return { proposals: made.flatMap((each) => each.proposals) };
  };
}

/** A graph that is nothing but a gate. */
function graphWithGate(assent: Assent, gate: string, options: GateOptions) {
  return addGate(new StateGraph(State), gate, approvalGate(assent, options))
    .addEdge(START, gate as never)
    .compile();
}

function actionOf(index: number): string {
  return index === 0 ? "pay" : `pay-${index + 1}`;
}
