/*
 * What a user writes on the first day, with every public name once. The tarball check type-checks and runs this file
 * in a folder that has nothing but the packed package and what it declares.
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentError,
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  loadKeys,
  memoryLedger,
  policy,
  type Outcome,
} from "assent";
import { checkAudit, type AuditCheck } from "assent/audit";
import { reviewInTerminal } from "assent/cli";
import { migrate, openPostgres, postgresLedger, type PostgresLedgerOptions } from "assent/postgres";
import { createDelivery, localThreads, type Delivery } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";

const paid: string[] = [];
const pay = defineAction({
  name: "pay",
  args: z.object({ to: z.string(), cents: z.int() }),
  summary: ({ to, cents }) => `Pay ${cents} cents to ${to}`,
  facts: ({ cents }) => ({ amount: { value: cents / 100, currency: "USD" } }),
  idempotent: true,
  run: ({ to }, { idempotencyKey }) => {
    paid.push(`${to}:${idempotencyKey}`);
    return { receipt: to };
  },
});

const ledger = memoryLedger();
const people = testAuthenticator();
const assent = createAssent({
  actions: [pay],
  policy: policy({ default: { route: "review" } }),
  ledger,
  authenticators: [people],
});
const builder = new StateGraph(AssentState).addNode("agent", () => assent.propose(pay, { to: "bo", cents: 500 }));
const graph = addGate(builder, "gate", approvalGate(assent))
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .compile({ checkpointer: new MemorySaver() });
const thread = { configurable: { thread_id: crypto.randomUUID() } };

await graph.invoke({}, thread);
await graph.invoke(new Command({ resume: "approve" }), thread);
assert.deepEqual(paid, [], "in verified trust an answer alone decides nothing");

const { items } = await assent.reviews.list({ limit: 10 });
const [item] = items;
assert(item !== undefined);
const ana = await people.authenticate({ id: "ana" });
await assent.reviews.decide(item.review.id, { by: ana, decision: "approve", digest: item.review.digest });
const delivery: Delivery = createDelivery({ ledger, threads: localThreads({ graphs: { graph } }) });
await delivery.deliver(thread.configurable.thread_id);
assert.equal(paid.length, 1);

const { values } = await graph.getState(thread);
const outcomes: Outcome[] = Object.values(values.outcomes);
assert.deepEqual(
  outcomes.map(({ status }) => status),
  ["executed"],
);

const check: AuditCheck = await checkAudit(ledger);
assert.equal(check.ok, true);

// Not run here, for want of a database and a terminal; the types must fit all the same.
export const inProduction = async (url: string): Promise<void> => {
  const { pool, close } = await openPostgres({ url });
  await migrate({ pool });
  const options: PostgresLedgerOptions = { pool };
  const keys = await loadKeys(".assent/keys");
  const stored = createAssent({ actions: [pay], policy: assent.policy, ledger: postgresLedger(options), keys });
  await reviewInTerminal(stored, { by: ana }).catch((error: unknown) => {
    if (!AssentError.isInstance(error, "ledger_unavailable")) throw error;
  });
  await close();
};
process.stdout.write("paid once\n");
