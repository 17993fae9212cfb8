import { join } from "node:path";
import { Client } from "@langchain/langgraph-sdk";
import { postgresLedger } from "assent/postgres";
import { startDevServer, UNKEPT } from "../../e2e/dev-server.js";
import { EffectFile } from "../../support/effects.js";
import { freshSchema } from "../../support/postgres.js";
import { Faults } from "../faults.js";
import type { Payment } from "../victim.js";
import type { Host } from "./host.js";
import { Intruders } from "./intruders.js";
import { makeKeys } from "./keys.js";
import { remoteGraph } from "./remote-graph.js";

/**
 * The real `langgraphjs dev`, with the graphs of this folder's langgraph.json. It keeps threads in its own way and runs
 * one run of a thread at a time; the ledger is in Postgres, where the reviewers in this process decide.
 */
export async function devServerHost(): Promise<Host> {
  const fresh = await freshSchema({ connectionsMax: 5 });
  const effects = new EffectFile<Payment>();
  const keys = await makeKeys();
  const server = await startDevServer({
    config: join(import.meta.dirname, "../langgraph.json"),
    databaseUrl: fresh.url,
    environment: { ATTACKS_SCHEMA: fresh.schema, ATTACKS_FOLDER: effects.folder, ATTACKS_KEYS: keys.publicFile },
    // Each looks for work about once a second, so with the usual ten a run waits longer than it runs.
    workers: 100,
  });
  const intruders = new Intruders(fresh, null);
  const client = new Client({ apiUrl: server.url, defaultHeaders: UNKEPT, callerOptions: { maxRetries: 0 } });
  return {
    ledger: postgresLedger({ pool: fresh.pool, schema: fresh.schema }),
    effects,
    faults: new Faults(effects.folder),
    keys,
    crowd: 5,
    graph: (kind, shape) => remoteGraph(client, `${kind}-${shape}`),
    elsewhere: () => null,
    dieAt: null,
    stored: async () => {},
    intrude: (as) => intruders.let(as),
    async close() {
      await server.stop();
      await intruders.close();
      await fresh.close();
      effects.remove();
      keys.remove();
    },
  };
}
