/**
 * Lesson 7. People on the loop: what the policy lets run waits for half an hour in which somebody may object, and runs
 * at its end unless somebody did. The window is in the ledger, so it survives a restart.
 *
 * Run it: npx tsx examples/07-veto-window.ts
 */
import assert from "node:assert/strict";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, memoryLedger, policy, vetoWindow } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { manualClock, testAuthenticator } from "assent/testing";
import { z } from "zod";

const paid: string[] = [];
const pay = defineAction({
  name: "pay-invoice",
  args: z.object({ supplier: z.string(), amount: z.number() }),
  summary: (a) => `Pay ${a.supplier} ${a.amount} USD`,
  idempotent: true,
  run: (a) => void paid.push(a.supplier),
});
// Time passes here when the lesson says so; in production this is the ledger's own clock.
const clock = manualClock("2026-03-30T09:00:00Z");
const staff = testAuthenticator();
const assent = createAssent({
  actions: [pay],
  ledger: memoryLedger({ clock }),
  clock,
  authenticators: [staff],
  policy: policy({ default: { route: "execute" } }),
});
const State = AssentState.extend({ supplier: z.string() });
const builder = new StateGraph(State).addNode("agent", ({ supplier }) => assent.propose(pay, { supplier, amount: 80 }));
const graph = addGate(builder, "window", vetoWindow(assent, { window: "PT30M" }))
  .addEdge(START, "agent")
  .addEdge("agent", "window")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });

assert.equal(await delivery.start("paper", { supplier: "Paper & Sons" }), "waiting");
assert.equal(await delivery.start("ink", { supplier: "Ink Ltd" }), "waiting");

const [ink] = (await assent.reviews.list({ threadId: "ink" })).items;
assert.equal(ink?.review.kind, "objection");
const by = await staff.authenticate({ id: "ana" });
const { id, digest, deadlineAt } = ink.review;
console.log(`${ink.case.round.display.summary}, unless somebody objects before ${deadlineAt}`);
await assent.reviews.decide(id, { by, decision: "reject", digest, note: "this one was paid last week" });

await clock.advance(29 * 60_000);
assert.deepEqual(await assent.tick(), [], "the window is still open");
assert.deepEqual(paid, []);

// Call tick() as often as deadlines should be exact, from any number of processes; then deliver.
await clock.advance(60_000);
const over = await assent.tick();
assert.deepEqual(
  over.map(({ threadId }) => threadId),
  ["paper"],
  "an objection has ended the other one",
);
for (const threadId of await delivery.undelivered()) assert.equal(await delivery.deliver(threadId), "finished");
assert.deepEqual(paid, ["Paper & Sons"], "nobody objected to that one");
console.log(`paid: ${paid.join(", ")}`);
