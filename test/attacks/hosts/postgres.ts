import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { postgresLedger } from "assent/postgres";
import { freshSchema } from "../../support/postgres.js";
import type { Host } from "../victim.js";

/** Threads in LangGraph's own saver for Postgres, the ledger in the same database; each in a schema of its own. */
export async function postgresHost(): Promise<Host> {
  const forThreads = await freshSchema({ migrated: false, connectionsMax: 10 });
  const forLedger = await freshSchema({ connectionsMax: 10 });
  const checkpointer = new PostgresSaver(forThreads.pool, undefined, { schema: forThreads.schema });
  // Once: `setup` races with itself.
  await checkpointer.setup();
  return {
    name: "Postgres",
    checkpointer,
    ledger: postgresLedger({ pool: forLedger.pool, schema: forLedger.schema }),
    async close() {
      await forThreads.close();
      await forLedger.close();
    },
  };
}
