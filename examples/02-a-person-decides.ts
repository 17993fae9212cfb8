/**
 * Lesson 2. Verified trust: a resume decides nothing. A person, vouched for by an authenticator, decides in the ledger
 * on exactly what they were shown; then the thread is brought forward, as often as one likes.
 *
 * Run it: npx tsx examples/02-a-person-decides.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  localUser,
  memoryLedger,
  policy,
} from "assent";
import { checkAudit, renderCase, showCase } from "assent/audit";
import { createDelivery, localThreads } from "assent/service";
import { z } from "zod";

const refunds: { orderId: string; amount: number }[] = [];
const refund = defineAction({
  name: "refund",
  args: z.object({ orderId: z.string(), amount: z.number().positive() }),
  summary: (a) => `Refund ${a.amount} USD on order ${a.orderId}`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: false,
  run: (a) => void refunds.push(a),
});
const assent = createAssent({
  actions: [refund],
  ledger: memoryLedger(),
  policy: policy({
    rules: [{ id: "small", action: "refund", when: { amount: { lte: "50 USD" } }, route: "execute" }],
    default: { route: "review" },
  }),
});
const State = AssentState.extend({ amount: z.number() });
const builder = new StateGraph(State).addNode("agent", ({ amount }) =>
  assent.propose(refund, { orderId: "A-1001", amount }, { context: "The parcel arrived broken." }),
);
const graph = addGate(builder, "gate", approvalGate(assent))
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });

assert.equal(await delivery.start("small", { amount: 20 }), "finished");
assert.equal(refunds.length, 1, "policy lets a small refund through");

assert.equal(await delivery.start("large", { amount: 120 }), "waiting");
await graph.invoke(new Command({ resume: "approve" }), { configurable: { thread_id: "large" } });
assert.equal(refunds.length, 1, "an answer to the interrupt decides nothing");

const { items } = await assent.reviews.list();
const [item] = items;
assert.ok(item);
const by = await localUser.authenticate();
const { digest } = item.review;
// The person asks for less: new arguments, checked against the schema, routed again, approved by the same decision.
const args = { orderId: "A-1001", amount: 60 };
await assent.reviews.decide(item.review.id, { by, digest, decision: "modify", args, note: "half of it" });
assert.equal(await delivery.deliver("large"), "finished");
assert.equal(await delivery.deliver("large"), "finished");
assert.deepEqual(refunds.at(-1), args, "what was decided is what ran");
assert.equal(refunds.length, 2, "and it ran once");

console.log(renderCase(await showCase(assent.ledger, item.case.proposal.id)));
assert.ok((await checkAudit(assent.ledger)).ok);
