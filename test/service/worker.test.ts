import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKeys, policy, type ReviewItem } from "assent";
import { killableProgram, manualClock } from "assent/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ana, breaksIn, decideNext } from "./desk.js";
import { effectByKey, effectKeys } from "./effects-by-key.js";
import { hoursOff, minuteClock, openScene, type WorkerScene } from "./worker-desk.js";

let scene: WorkerScene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.fresh.close());

const kindsOf = async (ledger: ReturnType<WorkerScene["desk"]>["assent"]["ledger"]): Promise<string[]> =>
  (await ledger.auditRows({ afterSeq: 0, limit: 1_000 })).map(({ kind }) => kind);

const deadlineIn = (within: `P${string}`, otherwise: "reject" | "hold" = "reject") =>
  policy({ default: { route: "review", review: { within, otherwise } } });

describe("a decision", () => {
  test("is brought to its thread, and nothing is left to do but the next comparison", async () => {
    const at = scene.desk();
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    expect(at.made).toEqual([]);
    // The comparison runs beside the delivery; what is this young it leaves alone, so that one of them brings it.
    const { worker, told } = scene.workerFor(at, { graceMs: 60_000 });
    await worker.drain();
    expect(told).toEqual([{ kind: "delivered", threadId: at.thread.id, result: "finished" }]);
    expect(at.made).toHaveLength(1);
    expect(await at.thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana" });
    expect(await scene.jobs()).toEqual(["sweep:sweep"]);
    await worker.drain();
    expect(told).toHaveLength(1);
  });

  test("is brought by a worker that is running, as soon as it is made", async () => {
    const at = scene.desk();
    await at.thread.start();
    const { worker } = scene.workerFor(at);
    const running = worker.run();
    const delivered = once(worker.events, "delivered");
    await decideNext(at.assent, at.thread.id);
    expect(await delivered).toEqual([{ kind: "delivered", threadId: at.thread.id, result: "finished" }]);
    await worker.stop();
    await running;
    expect(at.made).toHaveLength(1);
  });

  test("is brought once by two workers that are there for it", async () => {
    const at = scene.desk();
    const ids = ["one", "two", "three", "four", "five", "six"];
    for (const id of ids) {
      await at.delivery.start(id, {});
      await decideNext(at.assent, id);
    }
    const workers = [scene.workerFor(at), scene.workerFor(at)];
    await Promise.all(workers.map(({ worker }) => worker.drain()));
    const delivered = workers.flatMap(({ of }) => of("delivered"));
    expect(
      delivered
        .filter(({ result }) => result === "finished")
        .map(({ threadId }) => threadId)
        .toSorted(),
    ).toEqual(ids.toSorted());
    expect(at.made).toHaveLength(ids.length);
    expect(at.calls.filter(({ what }) => what === "resume")).toHaveLength(ids.length);
    expect(Math.max(...at.most.values())).toBe(1);
  });

  test("that comes while its thread is delivered to is brought after that, never beside it", async () => {
    const { at, arrived, leave } = scene.heldDesk();
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    // Two workers that do one job at a time.
    const [first, second] = [scene.workerFor(at, { concurrency: 1 }), scene.workerFor(at, { concurrency: 1 })];
    const draining = first.worker.drain();
    await arrived;
    await scene.fresh.pool.query(`select ${scene.fresh.schema}.enqueue('deliver', $1, 'another', now(), null)`, [
      JSON.stringify({ thread: at.thread.id }),
    ]);
    await second.worker.drain();
    expect(second.of("later")).toMatchObject([{ threadId: at.thread.id }]);
    leave();
    await draining;
    expect(first.of("delivered")).toMatchObject([{ result: "finished" }]);
    expect(at.most.get(at.thread.id)).toBe(1);
  });

  test("whose thread throws stays valid, and is brought later", async () => {
    const at = scene.desk({ inNode: breaksIn("after", 2) });
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    const { worker, of } = scene.workerFor(at);
    await worker.drain();
    expect(of("failed")).toMatchObject([{ task: "deliver", attempt: 1, error: { message: "after broke" } }]);
    expect(await at.delivery.undelivered()).toEqual([at.thread.id]);
    // Not before its time, also if the ledger is compared with its threads meanwhile.
    await worker.drain();
    expect(of("failed")).toHaveLength(1);
    await scene.makeDue();
    await worker.drain();
    expect(of("failed")).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
    await scene.makeDue();
    await worker.drain();
    expect(of("delivered")).toMatchObject([{ result: "finished" }]);
    expect(at.made).toHaveLength(1);
  });

  test("whose thread goes on throwing is tried again within minutes, for as long as it takes", async () => {
    const at = scene.desk({ inNode: breaksIn("after", 1) });
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    const { pool, schema } = scene.fresh;
    await pool.query(`update ${schema}_jobs._private_jobs set attempts = 24 where key like 'deliver:%'`);
    const { worker, of } = scene.workerFor(at);
    await worker.drain();
    expect(of("failed")).toMatchObject([{ task: "deliver", attempt: 25 }]);
    await worker.drain();
    const { rows } = await pool.query<{ attempts: number; soon: boolean; later: boolean }>(
      `select attempts, run_at <= now() + interval '5 minutes' as soon, run_at > now() + interval '4 minutes' as later
      from ${schema}_jobs.jobs where key like 'deliver:%'`,
    );
    expect(rows).toEqual([{ attempts: 5, soon: true, later: true }]);
    expect(of("failed")).toHaveLength(1);
    await scene.makeDue();
    await worker.drain();
    expect(of("delivered")).toMatchObject([{ result: "finished" }]);
    expect(at.made).toHaveLength(1);
  });

  test("is brought once, also where whoever is told of it throws", async () => {
    const at = scene.desk();
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    const told: string[] = [];
    const { worker } = scene.workerFor(at, {
      onEvent({ kind }) {
        told.push(kind);
        throw new Error("the listener broke");
      },
    });
    const warned = once(process, "warning");
    await worker.drain();
    expect(await warned).toMatchObject([
      { name: "AssentWarning", message: 'Who was told of "delivered" by a worker threw: the listener broke' },
    ]);
    expect(told).toEqual(["delivered"]);
    expect(await scene.jobs()).toEqual(["sweep:sweep"]);
    expect(at.made).toHaveLength(1);
  });

  test("whose job was lost is found", async () => {
    const at = scene.desk();
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    await scene.fresh.pool.query(`delete from ${scene.fresh.schema}_jobs._private_jobs`);
    const { worker, of } = scene.workerFor(at);
    await worker.drain();
    expect(of("delivered")).toMatchObject([{ result: "finished" }]);
  });
});

describe("a deadline", () => {
  test("passes once, whoever is there, and what follows is brought to the thread", async () => {
    const ledgerClock = manualClock(new Date(Date.now() - 86_400_000).toISOString());
    const at = scene.desk({ ledgerClock, policy: deadlineIn("PT1H") });
    await at.thread.start();
    await ledgerClock.advance(3_600_000);
    const workers = [scene.workerFor(at), scene.workerFor(at)];
    await Promise.all(workers.map(({ worker }) => worker.drain()));
    await workers[0]!.worker.drain();
    expect(await kindsOf(at.assent.ledger)).toEqual(["proposed", "routed", "asked", "expired", "closed"]);
    expect(workers.flatMap(({ of }) => of("expired"))).toContainEqual(
      expect.objectContaining({ threadId: at.thread.id, otherwise: "reject" }),
    );
    expect(workers.flatMap(({ of }) => of("delivered"))).toMatchObject([{ result: "finished" }]);
    expect(await at.thread.outcome()).toMatchObject({ status: "expired" });
  });

  test("does not pass early for a worker whose clock is an hour ahead", async () => {
    const at = scene.desk({ policy: deadlineIn("PT30M"), clock: hoursOff(1) });
    await at.thread.start();
    const { worker, told } = scene.workerFor(at, { clock: hoursOff(1) });
    await worker.drain();
    expect(told).toEqual([]);
    // Not even if its job comes too soon.
    await scene.makeDue();
    await worker.drain();
    expect(told.filter(({ kind }) => kind !== "reminder")).toEqual([]);
    expect(await kindsOf(at.assent.ledger)).toEqual(["proposed", "routed", "asked"]);
    expect((await scene.jobs()).some((key) => key.startsWith("deadline:"))).toBe(true);
  });

  test("is reminded of while its review is open, once", async () => {
    const at = scene.desk({ policy: deadlineIn("PT30M") });
    await at.thread.start();
    const { worker, of } = scene.workerFor(at);
    await scene.makeDue();
    await worker.drain();
    await worker.drain();
    const { items } = await at.assent.reviews.list({ threadId: at.thread.id });
    expect(of("reminder")).toEqual([{ kind: "reminder", review: items[0]!.review }]);
  });
});

describe("what goes on failing", () => {
  /** As it is after a day of failing. */
  const putOff = async (task: string): Promise<void> => {
    await scene.fresh.pool.query(
      `update ${scene.fresh.schema}_jobs._private_jobs set attempts = 24, run_at = now() + interval '5 hours'
      where key like $1`,
      [`${task}:%`],
    );
  };
  const waitOf = async (task: string): Promise<unknown[]> => {
    const { rows } = await scene.fresh.pool.query(
      `select attempts, run_at <= now() + interval '5 minutes' as "isSoon" from ${scene.fresh.schema}_jobs.jobs
      where key like $1`,
      [`${task}:%`],
    );
    return rows;
  };

  test.each(["deadline", "remind"])("is tried again within minutes, however long it has: %s", async (task) => {
    const at = scene.desk({ policy: deadlineIn("PT30M") });
    await at.thread.start();
    await putOff(task);
    await scene.workerFor(at).worker.drain();
    expect(await waitOf(task)).toEqual([{ attempts: 5, isSoon: true }]);
  });

  test("is tried again within minutes, also if it is the comparison, which looks after the others", async () => {
    const clock = minuteClock();
    const { worker } = scene.workerFor(scene.desk(), { clock });
    const running = worker.run();
    await scene.compared();
    await putOff("sweep");
    await clock.look();
    expect(await waitOf("sweep")).toEqual([{ attempts: 5, isSoon: true }]);
    await worker.stop();
    await running;
  });
});

describe("a review whose thread no longer waits for it", () => {
  const deleted = async (at: ReturnType<WorkerScene["desk"]>): Promise<void> => {
    const { checkpointer } = at.graph;
    if (typeof checkpointer !== "object") throw new TypeError("the desk has a checkpointer");
    await checkpointer.deleteThread(at.thread.id);
  };
  const past = async (at: ReturnType<WorkerScene["desk"]>): Promise<void> => {
    await at.graph.updateState(at.thread.config, {}, "after");
  };

  test.each([
    ["was deleted", deleted, "Nothing is kept of its thread"],
    ["was taken past it", past, "Its thread has run to its end"],
  ])("because it %s is withdrawn, with the reason in the log", async (_how, leave, reason) => {
    const at = scene.desk({ policy: deadlineIn("PT30M") });
    await at.thread.start();
    await leave(at);
    const { worker, of } = scene.workerFor(at);
    await worker.drain();
    expect(of("withdrawn")).toMatchObject([{ threadId: at.thread.id, reason }]);
    expect((await at.assent.reviews.list({ threadId: at.thread.id })).items).toEqual([]);
    expect((await kindsOf(at.assent.ledger)).at(-1)).toBe("withdrawn");
    expect(await scene.jobs()).toEqual(["sweep:sweep"]);
    await worker.drain();
    expect(of("withdrawn")).toHaveLength(1);
  });

  test("is left open while it is young", async () => {
    const at = scene.desk();
    await at.thread.start();
    await deleted(at);
    const { worker, told } = scene.workerFor(at, { graceMs: 60_000 });
    await worker.drain();
    expect(told).toEqual([]);
  });

  test("is left open while it is young, though its host's clock is behind and the worker's ahead", async () => {
    const at = scene.desk({ clock: hoursOff(-1) });
    await at.thread.start();
    await deleted(at);
    const { worker, told } = scene.workerFor(at, { graceMs: 60_000, clock: hoursOff(1) });
    await worker.drain();
    expect(told).toEqual([]);
    const { pool, schema } = scene.fresh;
    await pool.query(`update ${schema}.reviews set addressed_at = addressed_at - interval '1 minute'`);
    await worker.drain();
    expect(told).toMatchObject([{ kind: "withdrawn" }]);
  });

  test("is left open where the thread cannot be looked at, and the others are seen to", async () => {
    const at = scene.desk();
    await at.delivery.start("gone", {});
    await at.thread.start();
    const threads = {
      ...at.threads,
      state: (id: string) => (id === "gone" ? Promise.reject(new Error("away")) : at.threads.state(id)),
    };
    const { worker, of } = scene.workerFor({ ...at, threads });
    await deleted(at);
    await worker.drain();
    expect(of("trouble")).toMatchObject([{ what: "Thread gone cannot be looked at: away" }]);
    expect(of("withdrawn")).toMatchObject([{ threadId: at.thread.id }]);
  });

  test("but waits after all, is asked for again and can be decided", async () => {
    const at = scene.desk();
    await at.thread.start();
    const { items } = await at.assent.reviews.list({ threadId: at.thread.id });
    const { id, address } = items[0]!.review;
    const { interruptId } = address;
    const withdrawal = { reviewId: id, interruptId, ageMinMs: 0, reason: "a mistake", at: new Date().toISOString() };
    await at.assent.ledger.withdraw(withdrawal);
    const { worker } = scene.workerFor(at);
    await worker.drain();
    await decideNext(at.assent, at.thread.id);
    await worker.drain();
    expect(at.made).toHaveLength(1);
    expect(await at.thread.finished()).toBe(true);
  });
});

describe("a worker", () => {
  test("that is killed has its thread brought on by another one, with one effect", async () => {
    const { schema, url, pool } = scene.fresh;
    const folder = mkdtempSync(join(tmpdir(), "assent-worker-"));
    try {
      const keys = await loadKeys(join(folder, "keys"), { create: true });
      const doomed = killableProgram({
        command: process.execPath,
        args: ["--import", "tsx", join(import.meta.dirname, "killed-worker.ts"), url, schema, folder],
        ready: "in the action",
      });
      const at = scene.desk({
        keys,
        leaseMs: 300,
        run: (_args, { idempotencyKey }) => effectByKey(join(folder, "effects"), idempotencyKey),
      });
      mkdirSync(join(folder, "effects"));
      await at.thread.start();
      await decideNext(at.assent, at.thread.id);
      await doomed.start();
      const { rows } = await pool.query<{ holder: string }>(
        `select locked_by as holder from ${schema}_jobs.jobs where task_identifier = 'deliver'`,
      );
      await doomed.kill();
      expect(effectKeys(join(folder, "effects"))).toEqual([]);
      // Until the database has noticed: this lock is the dead one's.
      await pool.query(
        "select pg_advisory_unlock(hashtextextended($1, 7221)) from pg_advisory_lock(hashtextextended($1, 7221))",
        [`assent.worker.${schema}.${rows[0]!.holder}`],
      );
      const { worker, of } = scene.workerFor(at);
      await worker.drain();
      expect(of("delivered")).toMatchObject([{ threadId: at.thread.id, result: "finished" }]);
      expect(effectKeys(join(folder, "effects"))).toHaveLength(1);
      expect(await at.thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that is stopped before it has begun ends, and can run again", async () => {
    const at = scene.desk();
    const { worker } = scene.workerFor(at);
    const running = worker.run();
    await expect(worker.run()).rejects.toMatchObject({ code: "config_invalid" });
    await worker.stop();
    await running;
    const again = worker.run();
    await worker.stop();
    await again;
    await worker.stop();
  });

  test("compares the ledger with its threads every minute", async () => {
    const at = scene.desk();
    const clock = manualClock(new Date().toISOString());
    const { worker, of } = scene.workerFor(at, { clock });
    const running = worker.run();
    await clock.untilAsleep();
    // The comparison at the start asks for the next one as it ends, which would be in a minute of the database's.
    await scene.compared();
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    await scene.fresh.pool.query(`delete from ${scene.fresh.schema}_jobs._private_jobs where locked_at is null`);
    const delivered = of("delivered").length > 0 ? undefined : once(worker.events, "delivered");
    await clock.advance(60_000);
    await delivered;
    await worker.stop();
    await running;
    expect(at.made).toHaveLength(1);
  });

  test("goes on with the comparison where the last one was, whichever worker that had", async () => {
    const at = scene.desk();
    const { threads } = at;
    const looked: string[] = [];
    const state = (threadId: string) => {
      looked.push(threadId);
      return threads.state(threadId);
    };
    for (const id of ["a", "b"]) await at.delivery.start(id, {});
    const [{ review: first }] = (await at.assent.reviews.list({ limit: 1 })).items as [ReviewItem];
    const place = JSON.stringify({ open: { askedAt: first.askedAt, id: first.id } });
    const { pool, schema } = scene.fresh;
    const goesOn = async (): Promise<string[]> => {
      looked.length = 0;
      await scene.workerFor({ ...at, threads: { ...threads, state } }).worker.drain();
      return looked.toSorted();
    };
    expect(await goesOn()).toEqual(["a", "b"]);
    await pool.query(`update ${schema}_jobs._private_jobs set payload = $1 where key = 'sweep:sweep'`, [place]);
    expect(await goesOn()).toEqual(["b"]);
    expect(await goesOn()).toEqual(["a", "b"]);
  });

  test("shares out what is nobody's, and brings queue and urgency up to date", async () => {
    const at = scene.desk({ policy: deadlineIn("PT3H") });
    await at.thread.start();
    await at.assent.reviewers.set({ id: "bo" }, { by: ana, reason: "Hired." });
    const { worker, of } = scene.workerFor(at, { distribution: { strategy: "round-robin" } });
    await worker.drain();
    expect(of("assigned")).toMatchObject([{ assignee: "bo", from: null }]);
    const shown = async () =>
      (await at.assent.queue.page()).items.map(({ assignee, urgency }) => ({ assignee, urgency }));
    expect(await shown()).toEqual([{ assignee: "bo", urgency: "today" }]);
    const { pool, schema } = scene.fresh;
    await pool.query(`update ${schema}.queue set due_at = now() + interval '30 minutes', urgency_at = now()`);
    await worker.drain();
    expect(await shown()).toEqual([{ assignee: "bo", urgency: "hour" }]);
  });

  test("says what to do where nothing is migrated, and refuses options that are none", async () => {
    const at = scene.desk();
    const { worker } = scene.workerFor(at, { schema: `${scene.fresh.schema}_none` });
    await expect(worker.drain()).rejects.toMatchObject({ code: "ledger_outdated" });
    for (const wrong of [{ concurrency: 0 }, { settleMs: -1 }, { graceMs: 0.5 }, { schema: "No" }]) {
      expect(() => scene.workerFor(at, wrong)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
  });
});
