/**
 * Lesson 6. A person as a resource: the agent lacks something, asks whoever knows, and goes on with a typed answer. Only
 * those whom the question names may answer, and what does not fit its form is no answer.
 *
 * Run it: npx tsx examples/06-ask-human.ts
 */
import assert from "node:assert/strict";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, askHuman, createAssent, memoryLedger, policy } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";

const staff = testAuthenticator();
const assent = createAssent({
  actions: [],
  ledger: memoryLedger(),
  authenticators: [staff],
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({
  client: z.string(),
  limit: z.number().optional(),
  source: z.string().optional(),
  offer: z.string().optional(),
});
const ask = askHuman(assent, {
  question: ({ client }: z.infer<typeof State>) => `Up to how much may ${client} buy on account?`,
  answer: z.object({ limit: z.number().min(0) }),
  by: [{ role: "account-manager" }],
  into: ({ limit }, { by }) => ({ limit, source: by }),
  unanswered: ({ status }) => ({ limit: 0, source: status }),
});
const builder = new StateGraph(State).addNode("write", ({ limit, source }) => ({
  offer: `Goods up to ${limit} USD on account (${source}).`,
}));
const graph = addGate(builder, "ask", ask)
  .addEdge(START, "ask")
  .addEdge("ask", "write")
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });

assert.equal(await delivery.start("acme", { client: "Acme" }), "waiting");
const [item] = (await assent.reviews.list()).items;
assert.ok(item);
const { id, kind, digest } = item.review;
assert.equal(kind, "question");
console.log(item.case.round.display.summary);

const seller = await staff.authenticate({ id: "bo", roles: ["sales"] });
const manager = await staff.authenticate({ id: "ana", roles: ["account-manager"] });
const answer = { limit: 5_000 };
await assert.rejects(assent.reviews.decide(id, { by: seller, decision: "answer", answer, digest }), {
  code: "not_allowed",
});
await assert.rejects(
  assent.reviews.decide(id, { by: manager, decision: "answer", answer: { limit: "a lot" }, digest }),
  { code: "args_invalid" },
);
await assent.reviews.decide(id, { by: manager, decision: "answer", answer, digest });

assert.equal(await delivery.deliver("acme"), "finished");
const { values } = await graph.getState({ configurable: { thread_id: "acme" } });
assert.equal((values as z.infer<typeof State>).offer, "Goods up to 5000 USD on account (ana).");
console.log((values as z.infer<typeof State>).offer);
