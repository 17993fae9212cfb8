/**
 * Lesson 13. Many at once: each payout has a gate of its own, side by side. People decide in any order; one that is
 * rejected takes no other with it, and results come back in the order of the list.
 *
 * Run it: npx tsx examples/13-fan-out.ts
 */
import assert from "node:assert/strict";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  createAssent,
  defineAction,
  fanOut,
  localUser,
  memoryLedger,
  policy,
  type Verdict,
} from "assent";
import { createDelivery, localThreads } from "assent/service";
import { z } from "zod";

const paid: string[] = [];
const payOut = defineAction({
  name: "pay-out",
  args: z.object({ to: z.string(), amount: z.number() }),
  summary: (a) => `Pay out ${a.amount} USD to ${a.to}`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: true,
  run: (a) => void paid.push(a.to),
});
const assent = createAssent({
  actions: [payOut],
  ledger: memoryLedger(),
  policy: policy({
    rules: [{ id: "small", when: { amount: { lte: "100 USD" } }, route: "execute" }],
    default: { route: "review" },
  }),
});
const State = AssentState.extend({ payouts: z.array(payOut.args), results: z.array(z.string()).optional() });
const payouts = fanOut(assent, {
  action: payOut,
  args: (state: z.infer<typeof State>) => state.payouts,
  into: (outcomes) => ({ results: outcomes.map(({ status }) => status) }),
});
const graph = addGate(new StateGraph(State), "pay", payouts)
  .addEdge(START, "pay")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });

const list = Object.entries({ Ana: 60, Bo: 250, Cem: 900, Dag: 300 }).map(([to, amount]) => ({ to, amount }));
assert.equal(await delivery.start("march", { payouts: list }), "waiting");
assert.deepEqual(paid, ["Ana"], "what the policy lets through waits for nobody");

const by = await localUser.authenticate();
const { items } = await assent.reviews.list();
assert.equal(items.length, 3, "every other one is a review of its own");
async function decide(to: string, decision: Verdict): Promise<void> {
  const item = items.find(({ case: held }) => held.round.args["to"] === to);
  assert.ok(item);
  await assent.reviews.decide(item.review.id, { by, decision, digest: item.review.digest });
  console.log(`${item.case.round.display.summary}: ${decision}`);
}

await decide("Dag", "approve");
assert.equal(await delivery.deliver("march"), "waiting");
assert.deepEqual(paid, ["Ana", "Dag"], "it is paid while two others wait");
await decide("Cem", "reject");
await decide("Bo", "approve");
assert.equal(await delivery.deliver("march"), "finished");
assert.deepEqual(paid, ["Ana", "Dag", "Bo"]);

const { values } = await graph.getState({ configurable: { thread_id: "march" } });
const { results } = values as z.infer<typeof State>;
assert.deepEqual(results, ["executed", "executed", "rejected", "executed"]);
console.log(results?.join(", "));
