/** A worker that has nothing to do but to let deadlines pass. */
import { createAssent, loadKeys, policy } from "assent";
import { openPostgres, postgresLedger } from "assent/postgres";
import { createWorker } from "assent/service";
import type { DeadlineOrder } from "../deadlines.js";
import { clockAhead, sayReady, tellTrouble } from "../program.js";
import { waitingThreads } from "../waiting-threads.js";

const { ground, url, aheadMs } = JSON.parse(process.argv[2] ?? "{}") as DeadlineOrder;
const clock = clockAhead(aheadMs);
const postgres = await openPostgres({ url, connectionsMax: 4 });
const ledger = postgresLedger({ pool: postgres.pool, schema: ground.schema });
const worker = createWorker({
  assent: createAssent({
    actions: [],
    policy: policy({ default: { route: "review" } }),
    ledger,
    trust: "verified",
    keys: await loadKeys(ground.keys.hosts),
    clock,
  }),
  pool: postgres.anotherPool(6),
  schema: ground.schema,
  threads: waitingThreads(ledger),
  clock,
  onEvent(event) {
    if (event.kind === "failed") tellTrouble(event.task, event.error);
    if (event.kind === "trouble") tellTrouble("worker", event.what);
  },
});
process.on("SIGTERM", () => void worker.stop());
sayReady();
await worker.run();
await postgres.close();
