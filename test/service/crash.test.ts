import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { loadKeys } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { Thread } from "../support/thread.js";
import { decideNext, desk, leftGoesThrough, twoGates } from "./desk.js";
import type { Point, Work } from "./doomed-worker.js";
import { effectByKey, effectKeys } from "./effects-by-key.js";

const LEASE_MS = 300;

/**
 * What is killed where: an ordinary set-up, one whose action may not be repeated, one with another gate beside it, and
 * one where only that other gate asks.
 */
const DOOMED = {
  idempotent: ["decided", "before the effect", "after the effect", "behind the gate"],
  once: ["before the effect", "after the effect"],
  "two gates": ["before the effect", "after the effect"],
  "left goes through": ["before the effect", "after the effect"],
} as const satisfies Record<string, readonly Point[]>;
type Kind = keyof typeof DOOMED;

/** The threads of one kind, each in a schema and a folder of their own. */
interface Scene {
  fresh: FreshSchema;
  folder: string;
}

async function openScene(): Promise<Scene> {
  const fresh = await freshSchema();
  await new PostgresSaver(fresh.pool, undefined, { schema: fresh.schema }).setup();
  return { fresh, folder: mkdtempSync(join(tmpdir(), "assent-crash-")) };
}

/** Starts a worker, waits until every thread is at its point, and kills it as hard as a machine that loses power. */
async function killAllAt(works: readonly Work[]): Promise<void> {
  const program = join(import.meta.dirname, "doomed-worker.ts");
  const worker = spawn(process.execPath, ["--import", "tsx", program, JSON.stringify(works)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  worker.stderr.on("data", (chunk: Buffer) => (said += String(chunk)));
  const ended = once(worker, "exit");
  await Promise.race([
    once(worker.stdout, "data"),
    ended.then(() => {
      throw new Error(`the worker ended before it was killed: ${said}`);
    }),
  ]);
  worker.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
}

/** The same set-up in this process, which knows nothing of the one that died. */
async function survivor(kind: Kind, { fresh: { pool, schema }, folder }: Scene) {
  const storage = {
    checkpointer: new PostgresSaver(pool, undefined, { schema }),
    ledger: postgresLedger({ pool, schema }),
  };
  const options = {
    keys: await loadKeys(`${folder}-keys`),
    idempotent: kind !== "once",
    leaseMs: LEASE_MS,
    run: (_args: unknown, { idempotencyKey }: { idempotencyKey: string }) => effectByKey(folder, idempotencyKey),
  };
  if (kind === "idempotent" || kind === "once") return desk(storage, options);
  return twoGates({ ...storage, ...options, ...(kind === "left goes through" && { policy: leftGoesThrough }) });
}

describe("after kill -9", () => {
  const scenes = new Map<Kind, Scene>();
  const sceneOf = (kind: Kind): Scene => scenes.get(kind)!;

  beforeAll(async () => {
    for (const kind of Object.keys(DOOMED) as Kind[]) scenes.set(kind, await openScene());
    await killAllAt(
      [...scenes].map(
        ([
          kind,
          {
            fresh: { url, schema },
            folder,
          },
        ]) => ({
          url,
          schema,
          folder,
          points: DOOMED[kind],
          graph: kind === "idempotent" || kind === "once" ? "desk" : kind,
          idempotent: kind !== "once",
          leaseMs: LEASE_MS,
        }),
      ),
    );
  });
  afterAll(async () => {
    for (const { fresh, folder } of scenes.values()) {
      await fresh.close();
      rmSync(folder, { recursive: true });
      rmSync(`${folder}-keys`, { recursive: true });
    }
  });

  test("another process finds every thread and brings it to its end, with one effect for each permit", async () => {
    const scene = sceneOf("idempotent");
    const { assent, delivery, graph } = await survivor("idempotent", scene);
    // What the dead had done by then.
    expect(effectKeys(scene.folder)).toHaveLength(2);
    const found = await delivery.undelivered();
    expect(found.toSorted()).toEqual([...DOOMED.idempotent].toSorted());
    for (const threadId of found) {
      expect(await delivery.deliver(threadId), threadId).toBe("finished");
      expect(await new Thread(graph, threadId).outcome(), threadId).toMatchObject({
        status: "executed",
        decidedBy: "ana",
      });
    }
    expect(await delivery.undelivered()).toEqual([]);
    const cases = await assent.ledger.cases({ afterId: "", limit: 10 });
    expect(effectKeys(scene.folder)).toEqual(cases.map(({ permit }) => permit?.id).toSorted());
    expect(cases.map(({ permit }) => permit?.state)).toEqual(Array.from({ length: 4 }, () => "spent"));
  });

  test("an action that may not be repeated is in doubt, and is not run again", async () => {
    const scene = sceneOf("once");
    const before = effectKeys(scene.folder);
    expect(before).toHaveLength(1);
    const { delivery, graph } = await survivor("once", scene);
    const found = await delivery.undelivered();
    expect(found.toSorted()).toEqual([...DOOMED.once].toSorted());
    for (const threadId of found) {
      expect(await delivery.deliver(threadId), threadId).toBe("finished");
      expect(await new Thread(graph, threadId).outcome(), threadId).toMatchObject({ status: "in-doubt" });
    }
    expect(effectKeys(scene.folder)).toEqual(before);
  });

  test.each(["two gates", "left goes through"] as const)(
    "what was cut off goes on also where another gate of its thread waits for a person (%s)",
    async (kind) => {
      const scene = sceneOf(kind);
      const { assent, delivery } = await survivor(kind, scene);
      const found = await delivery.undelivered();
      expect(found.toSorted()).toEqual([...DOOMED[kind]].toSorted());
      for (const threadId of found) expect(await delivery.deliver(threadId), threadId).toBe("waiting");
      expect(effectKeys(scene.folder)).toHaveLength(2);
      expect(await delivery.undelivered()).toEqual([]);
      for (const threadId of found) {
        await decideNext(assent, threadId);
        expect(await delivery.deliver(threadId), threadId).toBe("finished");
      }
      expect(effectKeys(scene.folder)).toHaveLength(4);
    },
  );
});
