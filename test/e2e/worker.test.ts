import { join } from "node:path";
import { createAssent, loadKeys, localUser } from "assent";
import { postgresLedger } from "assent/postgres";
import { createWorker, langgraphThreads, type WorkerEvent } from "assent/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pool } from "pg";
import { askAlways } from "../support/payments.js";
import { freshDatabase, type FreshDatabase } from "./database.js";
import { startDevServer, type DevServer } from "./dev-server.js";
import { RemoteThread } from "./remote-thread.js";

let database: FreshDatabase;
let server: DevServer;
let pool: Pool;
beforeAll(async () => {
  database = await freshDatabase();
  pool = new Pool({ connectionString: database.url, max: 8 });
  // Dropping the database may meet a connection that is about to end.
  pool.on("error", () => {});
  const environment = { ASSENT_TRUST: "verified" };
  server = await startDevServer({ databaseUrl: database.url, graphs: ["approval-gate"], environment });
});
afterAll(async () => {
  await server.stop();
  await pool.end();
  await database.close();
});

test("a worker brings decisions to a LangGraph server, and withdraws what its threads were deleted with", async () => {
  const schema = "assent_studio";
  const asked = [new RemoteThread(server, "approval-gate"), new RemoteThread(server, "approval-gate")] as const;
  for (const thread of asked) await thread.start({ orderId: "A-1", amount: 75, confidence: 0.5 });
  const [decided, gone] = asked;
  const keys = await loadKeys(join(server.folder, ".assent/studio/keys"));
  const ledger = postgresLedger({ pool, schema });
  const assent = createAssent({ actions: [], policy: askAlways, ledger, keys, trust: "verified" });
  const { review, digest } = await decided.asks();
  await assent.reviews.decide(review, { by: await localUser.authenticate(), decision: "approve", digest });
  const { review: lost } = await gone.asks();
  await server.client.threads.delete(gone.id);
  const told: WorkerEvent[] = [];
  const worker = createWorker({
    assent,
    pool,
    schema,
    threads: langgraphThreads({ url: server.url }),
    graceMs: 0,
    onEvent: (event) => void told.push(event),
  });
  await worker.drain();
  expect(told).toContainEqual({ kind: "delivered", threadId: decided.id, result: "finished" });
  expect(told).toContainEqual(expect.objectContaining({ kind: "withdrawn", reviewId: lost, threadId: gone.id }));
  expect(told).toHaveLength(2);
  expect(await decided.status()).toBe("idle");
  expect(await decided.outcomes()).toMatchObject([{ status: "executed", unverified: false }]);
});
