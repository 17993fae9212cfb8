import { MemorySaver, type BaseCheckpointSaver } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { memoryLedger, type Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { freshSchema } from "../support/postgres.js";

/** Where threads and cases are kept during a test. */
export interface Storage {
  checkpointer: BaseCheckpointSaver;
  ledger: Ledger;
  /** A second process's view of the same: connections of its own, where there are connections. */
  elsewhere(): { checkpointer: BaseCheckpointSaver; ledger: Ledger };
  close(): Promise<void>;
}

async function inMemory(): Promise<Storage> {
  const kept = { checkpointer: new MemorySaver(), ledger: memoryLedger() };
  return { ...kept, elsewhere: () => kept, close: async () => {} };
}

async function onPostgres(): Promise<Storage> {
  const { pool, schema, close } = await freshSchema({ connectionsMax: 8 });
  const saver = (): PostgresSaver => new PostgresSaver(pool, undefined, { schema });
  await saver().setup();
  const view = () => ({ checkpointer: saver(), ledger: postgresLedger({ pool, schema }) });
  return { ...view(), elsewhere: view, close };
}

/** The ledger and the checkpointer that it is used with, in memory and in Postgres. */
export const STORAGES: { name: string; open: () => Promise<Storage> }[] = [
  { name: "in memory", open: inMemory },
  { name: "on Postgres with LangGraph's own saver", open: onPostgres },
];
