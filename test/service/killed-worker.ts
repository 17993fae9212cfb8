/**
 * A worker that stays in the action that it brings a decision to, says so, and is killed there: URL, schema and folder on
 * its command line.
 */
import { join } from "node:path";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { loadKeys } from "assent";
import { postgresLedger } from "assent/postgres";
import { createWorker } from "assent/service";
import { Pool } from "pg";
import { desk } from "./desk.js";

const [connectionString = "", schema = "", folder = ""] = process.argv.slice(2);
const pool = new Pool({ connectionString, max: 12 });
const storage = {
  checkpointer: new PostgresSaver(pool, undefined, { schema }),
  ledger: postgresLedger({ pool, schema }),
};
const { assent, threads } = desk(storage, {
  keys: await loadKeys(join(folder, "keys")),
  leaseMs: 300,
  async run() {
    process.stdout.write("in the action\n");
    await new Promise((resolve) => void setTimeout(resolve, 600_000));
  },
});
await createWorker({ assent, threads, pool, schema, settleMs: 0 }).run();
