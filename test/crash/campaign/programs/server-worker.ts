/** A worker whose threads run on a LangGraph server. */
import { openPostgres } from "assent/postgres";
import { createWorker, langgraphThreads } from "assent/service";
import { WORKER } from "../plan.js";
import { sayReady, tellTrouble } from "../program.js";
import { openRefunds, type ServerOrder } from "../refunds.js";

const order = JSON.parse(process.argv[2] ?? "{}") as ServerOrder;
const postgres = await openPostgres({ url: order.url, connectionsMax: 4 });
const { assent } = await openRefunds(postgres, order);
const worker = createWorker({
  ...WORKER,
  assent,
  pool: postgres.anotherPool(6),
  schema: order.schema,
  threads: langgraphThreads({ url: order.serverUrl }),
  onEvent(event) {
    if (event.kind === "failed") tellTrouble(event.task, event.error);
    if (event.kind === "trouble") tellTrouble("worker", event.what);
  },
});
process.on("SIGTERM", () => void worker.stop());
sayReady();
await worker.run();
await postgres.close();
