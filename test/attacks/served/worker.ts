/** A process that starts one thread, waits at a point of its graph and never gets further. */
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { loadKeys } from "assent";
import { postgresLedger } from "assent/postgres";
import { Pool } from "pg";
import { safeSerializer } from "../../../src/checkpoint/serializer.js";
import { EffectFile } from "../../support/effects.js";
import { Faults } from "../faults.js";
import type { Workplace } from "../hosts/dying-worker.js";
import type { Death } from "../hosts/host.js";
import { shapes } from "../shapes.js";
import type { AttackedGraph, Payment } from "../victim.js";
import { gatedGraph } from "../victims/gated-graph.js";
import { patternOf } from "../victims/patterns/index.js";
import { plainGraph } from "../victims/plain-graph.js";

const work = JSON.parse(process.argv[2] ?? "{}") as Death & Workplace;
const pattern = patternOf(work.pattern ?? "approvalGate");
const { times } = pattern;
const pool = new Pool({ connectionString: work.url, max: 4 });
const surroundings = {
  ledger: postgresLedger({
    pool,
    schema: work.schemaOfLedger,
    ...(times && { clock: times }),
  }),
  effects: new EffectFile<Payment>(work.folder),
  faults: new Faults(work.folder),
  keys: await loadKeys(work.publicFile),
};
const checkpointer = new PostgresSaver(pool, safeSerializer(), { schema: work.schemaOfThreads });
const shape = shapes[work.shape];
const built = work.kind === "gated" ? gatedGraph(surroundings, shape, pattern) : plainGraph(surroundings, shape);
const graph = built.compile({ checkpointer }) as AttackedGraph;
await graph.invoke({}, { configurable: { thread_id: work.threadId }, durability: work.durability });
process.stdout.write("it got to its end\n");
await pool.end();
