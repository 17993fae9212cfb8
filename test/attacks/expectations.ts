import { expect } from "vitest";
import type { GatedPrey, GatedVictim } from "./victims/gated.js";

/** The thread has finished, or does so when it is run once more. */
export async function expectRest({ graph, config }: GatedVictim): Promise<void> {
  const first = await graph.getState(config);
  if (first.next.length > 0 || first.tasks.length > 0) await graph.invoke(null, config);
  const { next, tasks } = await graph.getState(config);
  expect({ next, tasks }).toEqual({ next: [], tasks: [] });
}

/** On disk, in the ledger and by their keys: each approved payment was made once, and no other. */
export async function expectDueEffects(prey: GatedPrey): Promise<void> {
  const { ends, proposes, keyOf } = prey.pattern;
  const effects = prey.effects();
  const entitled = [...prey.entitled()];
  const made = effects.map(({ args }) => args.order).toSorted();
  expect(made).toEqual(prey.due().toSorted());
  const all = (await Promise.all(prey.victims().map((victim) => victim.cases()))).flat();
  // A pass that a thread has left may leave a yes behind that nothing came of: the gate asked anew.
  const cases = proposes === "gate" ? all.filter(({ outcome }) => outcome !== null) : all;
  const rejected = cases.filter(({ outcome }) => outcome?.status === "rejected");
  if (ends === "never pays") {
    const taken = cases.filter(({ outcome, permit }) => outcome?.status === "suggested" && permit === null);
    expect(rejected).toHaveLength(cases.length - taken.length);
    return;
  }
  const asked = prey.victims().flatMap(({ payments }) => payments.map(({ order }) => order));
  expect(entitled.map(([order]) => order).toSorted()).toEqual(asked.toSorted());
  const executed = cases.filter(({ outcome }) => outcome?.status === "executed");
  expect(executed.map(prey.orderOf).toSorted()).toEqual(made);
  expect(rejected).toHaveLength(cases.length - executed.length);
  // Who is handed something acts under a key of its own.
  if (ends === "hands on") return;
  const keys = effects.map(({ idempotencyKey }) => idempotencyKey);
  const { ledger } = prey.assent;
  const due = await Promise.all(executed.map(async (held) => (keyOf ? keyOf(held, ledger) : held.permit?.id)));
  expect(new Set(due)).toEqual(new Set(keys));
}
