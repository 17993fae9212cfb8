/**
 * Lesson 3. A gate that is stricter than its policy: above 500 USD a manager is asked, and has four hours. Nobody runs
 * anything by keeping silent: without an answer the case expires.
 *
 * Run it: npx tsx examples/03-threshold-and-deadline.ts
 */
import assert from "node:assert/strict";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate, createAssent, defineAction, memoryLedger, policy } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { manualClock, testAuthenticator } from "assent/testing";
import { z } from "zod";

const sent: number[] = [];
const transfer = defineAction({
  name: "transfer",
  args: z.object({ to: z.string(), amount: z.number().positive() }),
  summary: (a) => `Transfer ${a.amount} USD to ${a.to}`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: true,
  run: (a) => void sent.push(a.amount),
});
// Time passes here when the lesson says so; in production this is the ledger's own clock.
const clock = manualClock("2026-03-30T09:00:00Z");
const staff = testAuthenticator();
const assent = createAssent({
  actions: [transfer],
  ledger: memoryLedger({ clock }),
  clock,
  authenticators: [staff],
  policy: policy({ default: { route: "execute" } }),
});
const State = AssentState.extend({ amount: z.number() });
const builder = new StateGraph(State).addNode("agent", ({ amount }) => assent.propose(transfer, { to: "bo", amount }));
const gate = approvalGate(assent, {
  threshold: { amount: { USD: 500 } },
  by: [{ role: "manager" }],
  within: "PT4H",
  otherwise: "reject",
});
const graph = addGate(builder, "gate", gate)
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });

assert.equal(await delivery.start("small", { amount: 80 }), "finished");
assert.deepEqual(sent, [80], "below the threshold the policy alone counts");

assert.equal(await delivery.start("first", { amount: 900 }), "waiting");
assert.equal(await delivery.start("second", { amount: 700 }), "waiting");
const [first] = (await assent.reviews.list({ threadId: "first" })).items;
assert.ok(first);
console.log(`${first.case.round.display.summary}: ${first.case.round.routing?.explanation}`);

const { id, digest, deadlineAt } = first.review;
const clerk = await staff.authenticate({ id: "cem", roles: ["clerk"] });
await assert.rejects(assent.reviews.decide(id, { by: clerk, decision: "approve", digest }), { code: "not_allowed" });
const manager = await staff.authenticate({ id: "ana", roles: ["manager"] });
await assent.reviews.decide(id, { by: manager, decision: "approve", digest });
assert.equal(await delivery.deliver("first"), "finished");
assert.deepEqual(sent, [80, 900], "a manager has approved it");

assert.deepEqual(await assent.tick(), [], "before the deadline nothing happens");
await clock.advance(4 * 3_600_000);
const [expired] = await assent.tick();
assert.equal(expired?.threadId, "second");
assert.equal(await delivery.deliver("second"), "finished");
assert.deepEqual(sent, [80, 900], "nobody decided, so nothing ran");

const { values } = await graph.getState({ configurable: { thread_id: "second" } });
const [outcome] = Object.values((values as z.infer<typeof State>).outcomes);
assert.equal(outcome?.status, "expired");
console.log(`The deadline was ${deadlineAt}. The second one is ${outcome.status}: ${outcome.reason}`);
