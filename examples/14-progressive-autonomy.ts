/**
 * Lesson 14. Autonomy that is earned: the agent begins as one that only suggests, rises as people find it right, falls
 * when they do not, and never gets above the ceiling that a person has set.
 *
 * Run it: npx tsx examples/14-progressive-autonomy.ts
 */
import assert from "node:assert/strict";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  createAssent,
  defineAction,
  localUser,
  memoryLedger,
  policy,
  progressiveAutonomy,
  rollingAccuracy,
} from "assent";
import { createDelivery, localThreads } from "assent/service";
import { z } from "zod";

const booked: string[] = [];
const book = defineAction({
  name: "book-expense",
  args: z.object({ what: z.string(), account: z.string() }),
  summary: (a) => `Book ${a.what} under ${a.account}`,
  idempotent: true,
  run: (a) => void booked.push(a.what),
});
const assent = createAssent({
  actions: [book],
  ledger: memoryLedger(),
  policy: policy({ default: { route: "execute" } }),
  // A lesson is short. Left out, it takes more than 1,000 judged cases to rise.
  stageRule: rollingAccuracy({ window: 3, judgedOver: 2, promoteAbove: 0.9, demoteBelow: 0.5 }),
});
const State = AssentState.extend({ what: z.string(), confidence: z.number() });
const builder = new StateGraph(State).addNode("agent", ({ what, confidence }) =>
  assent.propose(book, { what, account: "travel" }, { agent: "bookkeeper", confidence }),
);
const graph = addGate(builder, "autonomy", progressiveAutonomy(assent))
  .addEdge(START, "agent")
  .addEdge("agent", "autonomy")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });
const by = await localUser.authenticate();
const stage = async () => (await assent.autonomy.stage("bookkeeper", "book-expense")).stage;

/** An expense that a person is asked about, and judges. */
async function judged(what: string, confidence: number, decision: "approve" | "reject"): Promise<void> {
  assert.equal(await delivery.start(what, { what, confidence }), "waiting");
  const [item] = (await assent.reviews.list({ threadId: what })).items;
  assert.ok(item);
  await assent.reviews.decide(item.review.id, { by, decision, digest: item.review.digest });
  assert.equal(await delivery.deliver(what), "finished");
  console.log(`${what}, sure to ${confidence}: ${decision}; now stage ${await stage()}`);
}

assert.equal(await stage(), 1);
await assent.autonomy.setCeiling("bookkeeper", "book-expense", 2, { by, reason: "on trial until the audit" });
for (const what of ["train", "hotel", "flight"]) await judged(what, 0.95, "approve");
assert.deepEqual(booked, [], "at stage 1 the agent only suggests; the person booked them");
assert.equal(await stage(), 2, "it was right three times in a row");

assert.equal(await delivery.start("taxi", { what: "taxi", confidence: 0.95 }), "finished");
assert.deepEqual(booked, ["taxi"], "at stage 2 it books alone what it is sure about");

for (const what of ["ferry", "bus", "tram"]) await judged(what, 0.5, "approve");
assert.equal(await stage(), 2, "right again, but nobody rises above the ceiling");

for (const what of ["dinner", "gift"]) await judged(what, 0.5, "reject");
assert.equal(await stage(), 1, "people found it wrong too often");
