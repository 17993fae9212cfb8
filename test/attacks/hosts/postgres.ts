import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { Clock } from "assent";
import { postgresLedger } from "assent/postgres";
import { Pool } from "pg";
import { safeSerializer } from "../../../src/checkpoint/serializer.js";
import { EffectFile } from "../../support/effects.js";
import { freshSchema } from "../../support/postgres.js";
import { Faults } from "../faults.js";
import type { Payment } from "../victim.js";
import { dyingWorker } from "./dying-worker.js";
import type { Host } from "./host.js";
import { Intruders } from "./intruders.js";
import { makeKeys } from "./keys.js";
import { localGraph } from "./local-graph.js";

/** Threads in LangGraph's own saver for Postgres, the ledger in the same database; each in a schema of its own. */
export async function postgresHost(clock?: Clock): Promise<Host> {
  const forThreads = await freshSchema({ migrated: false, connectionsMax: 10 });
  const forLedger = await freshSchema({ connectionsMax: 10 });
  const checkpointer = saverOn(forThreads.pool, forThreads.schema);
  // Once: `setup` races with itself.
  await checkpointer.setup();
  const elsewhere = new Pool({ connectionString: forThreads.url, max: 4 });
  elsewhere.on("error", () => {});
  const checkpointerElsewhere = saverOn(elsewhere, forThreads.schema);
  const intruders = new Intruders(forLedger, forThreads);
  const effects = new EffectFile<Payment>();
  const faults = new Faults(effects.folder);
  const keys = await makeKeys();
  return {
    ledger: postgresLedger({ pool: forLedger.pool, schema: forLedger.schema, ...(clock && { clock }) }),
    effects,
    faults,
    keys,
    crowd: 50,
    graph: (_kind, _shape, build) => localGraph(build().compile({ checkpointer })),
    elsewhere: (build) => localGraph(build().compile({ checkpointer: checkpointerElsewhere })),
    dieAt: dyingWorker(faults, {
      url: forThreads.url,
      schemaOfThreads: forThreads.schema,
      schemaOfLedger: forLedger.schema,
      folder: effects.folder,
      publicFile: keys.publicFile,
    }),
    async stored() {
      await Promise.all([checkpointer.stored(), checkpointerElsewhere.stored()]);
    },
    intrude: (as) => intruders.let(as),
    async close() {
      await elsewhere.end();
      await intruders.close();
      await forThreads.close();
      await forLedger.close();
      effects.remove();
      keys.remove();
    },
  };
}

function saverOn(pool: Pool, schema: string): WatchedSaver {
  return new WatchedSaver(pool, safeSerializer(), { schema });
}

/** LangGraph's own saver, which tells when it has stored what it was given: runs do not always wait for it. */
class WatchedSaver extends PostgresSaver {
  readonly #storing = new Set<Promise<unknown>>();

  override put(...given: Parameters<PostgresSaver["put"]>): ReturnType<PostgresSaver["put"]> {
    return this.#watch(super.put(...given));
  }

  override putWrites(...given: Parameters<PostgresSaver["putWrites"]>): ReturnType<PostgresSaver["putWrites"]> {
    return this.#watch(super.putWrites(...given));
  }

  async stored(): Promise<void> {
    await Promise.all(this.#storing);
  }

  #watch<Result>(storing: Promise<Result>): Promise<Result> {
    this.#storing.add(storing);
    return storing.finally(() => this.#storing.delete(storing));
  }
}
