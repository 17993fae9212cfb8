/**
 * A process that works on several threads, each until a point where it stays. Once all are there it says so, and
 * whoever started it kills it.
 */
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { postgresLedger } from "assent/postgres";
import { loadKeys } from "assent";
import { Pool } from "pg";
import { decideNext, desk, leftGoesThrough, meetingOf, twoGates } from "./desk.js";
import { effectByKey } from "./effects-by-key.js";

/** Where a thread stays; also its id. */
export type Point = "decided" | "before the effect" | "after the effect" | "behind the gate";

/** Threads of one kind, in a schema and a folder of their own. */
export interface Work {
  url: string;
  schema: string;
  folder: string;
  points: readonly Point[];
  /** One gate; two, with a person to be asked at both; or two, of which only the right one asks. */
  graph: "desk" | "two gates" | "left goes through";
  idempotent: boolean;
  leaseMs: number;
}

const works = JSON.parse(process.argv[2] ?? "[]") as Work[];
const allThere = meetingOf(works.flatMap(({ points }) => points).length);

async function bringTo(point: Point, { url, schema, folder, graph, idempotent, leaseMs }: Work): Promise<void> {
  const stayAt = async (here: Point): Promise<void> => {
    if (here !== point) return;
    if (graph === "left goes through") await untilPaused();
    await allThere();
    await new Promise((resolve) => void setTimeout(resolve, 600_000));
  };
  /** The gate beside has to be seen to wait by whoever comes after us. */
  const untilPaused = async (): Promise<void> => {
    while ((await threads.state(point)).pending.length === 0) await new Promise((next) => void setTimeout(next, 10));
  };
  const options = {
    keys: await loadKeys(`${folder}-keys`, { create: true }),
    idempotent,
    leaseMs,
    run: async (_args: unknown, { idempotencyKey }: { idempotencyKey: string }): Promise<void> => {
      await stayAt("before the effect");
      effectByKey(folder, idempotencyKey);
      await stayAt("after the effect");
    },
  };
  const inNode = (node: string): unknown => (node === "after" ? stayAt("behind the gate") : undefined);
  const pool = new Pool({ connectionString: url, max: 3 });
  const storage = {
    checkpointer: new PostgresSaver(pool, undefined, { schema }),
    ledger: postgresLedger({ pool, schema }),
  };
  const { assent, delivery, threads } =
    graph === "desk"
      ? desk(storage, { ...options, inNode })
      : twoGates({ ...storage, ...options, ...(graph === "left goes through" && { policy: leftGoesThrough }) });
  await delivery.start(point, {});
  await decideNext(assent, point);
  await stayAt("decided");
  await delivery.deliver(point);
}

for (const work of works) for (const point of work.points) void bringTo(point, work);
await allThere.complete;
process.stdout.write("here\n");
