import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { WorkerEvent } from "assent/service";
import type { TaskList } from "graphile-worker";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JobQueue } from "../../src/ledger/postgres/jobs.js";
import { migrate } from "../../src/ledger/postgres/migrate.js";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";
import { JobRunner, type JobRunnerOptions } from "../../src/service/job-runner.js";
import { Presence } from "../../src/service/presence.js";
import { asTimeGoesBy, decideNext, meetingOf } from "./desk.js";
import { minuteClock, openScene, until, type WorkerScene } from "./worker-desk.js";

let scene: WorkerScene;
beforeEach(async () => {
  scene = await openScene({ isAlone: true });
});
afterEach(() => scene.fresh.close());

/** Makes the jobs of another ledger in the same database, which goes with it. */
const migrateAnother = () => migrate({ pool: scene.fresh.pool, schema: "another" });

/** Ends the connection by which whoever works here is known to live. */
const endPresence = async (): Promise<void> => {
  await scene.fresh.pool.query(
    `select pg_terminate_backend(pid, 10_000)
    from (select distinct pid from pg_locks join pg_database d on d.oid = database
      where locktype = 'advisory' and datname = current_database()) as present`,
  );
};

/** A worker that is delivering, and does not come on until it is told to. */
async function delivering() {
  const { at, arrived, leave } = scene.heldDesk();
  await at.thread.start();
  const clock = minuteClock();
  const { worker, of } = scene.workerFor(at, { clock });
  const running = worker.run();
  await decideNext(at.assent, at.thread.id);
  await arrived;
  return { at, leave, clock, worker, of, running };
}

/** The tasks of the jobs that are taken. */
async function taken(): Promise<string[]> {
  const { rows } = await scene.fresh.pool.query<{ task: string }>(
    `select task_identifier as task from ${scene.fresh.schema}_jobs.jobs where locked_at is not null order by task`,
  );
  return rows.map(({ task }) => task);
}

/** Does what is left, which may have been put off for a while, until there is nothing but the next comparison. */
async function finish(at: ReturnType<WorkerScene["desk"]>): Promise<void> {
  await until(async () => {
    await scene.makeDue();
    await scene.workerFor(at).worker.drain();
    return (await scene.jobs()).join() === "sweep:sweep";
  });
}

/** Has each statement that a pool's connections are asked go through `by`. */
function asking(pool: Pool, by: (text: string, ask: () => unknown) => unknown): void {
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    const ask = client.query.bind(client) as (...asked: unknown[]) => unknown;
    const query = (...asked: unknown[]): unknown => {
      const [statement] = asked as [string | { text: string }];
      return by(typeof statement === "string" ? statement : statement.text, () => ask(...asked));
    };
    Object.assign(client, { query }).on("error", () => {});
  });
}

/** Whether a statement of graphile-worker takes a job. */
const isTaking = (text: string): boolean => text.includes("for update") && text.includes("skip locked");

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((again) => void setImmediate(again));
};

function runnerOf(
  tasks: TaskList,
  options: Pick<JobRunnerOptions, "pool" | "queue" | "presence"> & Partial<JobRunnerOptions>,
): JobRunner {
  const nameOf = (id: string): string => `assent.worker.${scene.fresh.schema}.${id}`;
  const tell = (): void => {};
  const shared = { concurrency: 1, nameOf, clock: minuteClock(), tell };
  return new JobRunner({ ...shared, jobsSchema: jobsSchema(scene.fresh.schema), tasks, ...options });
}

describe("where jobs are migrated, a worker", () => {
  test("goes on while another schema of the database is, and finishes what it had begun", async () => {
    const { at, arrived, leave } = scene.heldDesk();
    await at.delivery.start("long", {});
    await at.thread.start();
    const { worker, of } = scene.workerFor(at);
    const running = worker.run();
    await decideNext(at.assent, "long");
    await arrived;
    const { exitCode } = process;
    const retired = once(worker.events, "trouble");
    await migrateAnother();
    expect(await retired).toMatchObject([{ what: expect.stringContaining("begins anew") }]);
    leave();
    await decideNext(at.assent, at.thread.id);
    while (of("delivered").length < 2) await once(worker.events, "delivered");
    await worker.stop();
    await running;
    expect(process.exitCode).toBe(exitCode);
    expect(at.made).toHaveLength(2);
    expect(
      of("delivered")
        .map(({ threadId }) => threadId)
        .toSorted(),
    ).toEqual(["long", at.thread.id].toSorted());
    expect(await scene.jobs()).toEqual(["sweep:sweep"]);
  });

  test("takes on more while what it had begun goes on", async () => {
    const { at, arrived, leave } = scene.heldDesk();
    await at.delivery.start("long", {});
    await at.thread.start();
    const { worker } = scene.workerFor(at, { concurrency: 1 });
    const running = worker.run();
    await decideNext(at.assent, "long");
    await arrived;
    await migrateAnother();
    const delivered = once(worker.events, "delivered");
    await decideNext(at.assent, at.thread.id);
    expect(await delivered).toMatchObject([{ threadId: at.thread.id, result: "finished" }]);
    const last = once(worker.events, "delivered");
    leave();
    expect(await last).toMatchObject([{ threadId: "long", result: "finished" }]);
    await worker.stop();
    await running;
    expect(at.made).toHaveLength(2);
  });

  test("ends if its own jobs were, by a version that it does not know", async () => {
    const { pool, schema } = scene.fresh;
    const { worker } = scene.workerFor(scene.desk());
    const running = worker.run();
    // Before it is awaited below.
    running.catch(() => undefined);
    await scene.compared();
    await pool.query(`insert into ${schema}_jobs.migrations (id, breaking) values (9999, true)`);
    await pool.query(`select pg_notify('worker:migrate', '{"migrationNumber":9999,"breaking":true}')`);
    await expect(running).rejects.toMatchObject({
      code: "ledger_outdated",
      message: expect.stringContaining("newer version"),
    });
    await expect(worker.run()).rejects.toMatchObject({ code: "ledger_outdated" });
  });
});

describe("where its database fails, a worker", () => {
  test("ends when it is stopped, though it could not be written that one of its jobs is done", async () => {
    await scene.throughProxy(async (pool, proxy) => {
      const ids = ["one", "two", "three", "four"];
      const { at, arrived, leave } = scene.heldDesk(ids.length);
      for (const id of ids) await at.delivery.start(id, {});
      const clock = minuteClock();
      const { worker, of } = scene.workerFor(at, { pool, clock });
      const running = worker.run();
      await scene.compared();
      for (const id of ids) await decideNext(at.assent, id);
      await arrived;
      proxy.cutAtRandom({ before: 1, after: 0, random: Math.random });
      leave();
      await until(() => of("trouble").some(({ what }) => what.startsWith("Failed to complete jobs")));
      proxy.heal();
      // What is done after that makes graphile-worker count wrongly.
      for (let done = 2; done <= ids.length; done += 1) {
        leave();
        await until(async () => (await scene.jobs()).length <= ids.length + 2 - done);
      }
      await asTimeGoesBy(clock, worker.stop());
      await running;
      expect(new Set(of("delivered").map(({ threadId }) => threadId))).toEqual(new Set(ids));
      await finish(at);
      expect(at.made).toHaveLength(ids.length);
    });
  });

  test("lets its process end then", async () => {
    const { url, schema } = scene.fresh;
    const program = join(import.meta.dirname, "unwritten-runner.ts");
    await promisify(execFile)(process.execPath, ["--import", "tsx", program, url, schema], { timeout: 40_000 });
    expect(await scene.jobs()).toEqual(["wait:one"]);
  });

  test("that drains says so, and the next one does what is left", async () => {
    await scene.throughProxy(async (pool, proxy) => {
      const { at, arrived, leave } = scene.heldDesk();
      await at.thread.start();
      await decideNext(at.assent, at.thread.id);
      const draining = scene.workerFor(at, { pool, concurrency: 1 }).worker.drain();
      // Before it is awaited below.
      draining.catch(() => undefined);
      await arrived;
      proxy.cutAtRandom({ before: 1, after: 0, random: Math.random });
      leave();
      await expect(draining).rejects.toMatchObject({ code: "ledger_unavailable" });
      await finish(at);
      expect(at.made).toHaveLength(1);
    });
  });

  test("waits until it is back", async () => {
    const { fresh } = scene;
    const user = `${fresh.schema}_worker`;
    await fresh.pool.query(`create role ${user} superuser login password '${user}'`);
    try {
      await scene.throughProxy(async (pool, proxy) => {
        const { at, arrived, leave } = scene.heldDesk();
        await at.delivery.start("first", {});
        await at.thread.start();
        const clock = minuteClock();
        const { worker, of } = scene.workerFor(at, { pool, clock });
        const running = worker.run();
        await scene.compared();
        await decideNext(at.assent, "first");
        await arrived;
        await fresh.pool.query(`alter role ${user} nologin`);
        proxy.cutAll();
        leave();
        const isAway = ({ what }: { what: string }): boolean =>
          what.includes("jobs cannot be asked, and is looked for");
        await until(() => of("trouble").some(isAway));
        await fresh.pool.query(`alter role ${user} login`);
        await decideNext(at.assent, at.thread.id);
        await clock.advance(2_000);
        await until(() => of("delivered").some(({ threadId }) => threadId === at.thread.id));
        await clock.look();
        await asTimeGoesBy(clock, worker.stop());
        await running;
        await finish(at);
        expect(at.made).toHaveLength(2);
      }, user);
    } finally {
      await fresh.pool.query(`drop role ${user}`);
    }
  });

  test("ends when it is stopped as the connection breaks that it is about to listen on", async () => {
    await scene.throughProxy(async (pool, proxy) => {
      const { pool: steady, schema } = scene.fresh;
      const listening = meetingOf(1);
      asking(pool, (text, ask) => {
        if (!text.startsWith("LISTEN")) return ask();
        proxy.halfOpen();
        const answer = ask();
        void listening();
        return answer;
      });
      const [presence, stopping] = [new Presence(steady), new AbortController()];
      const { ended } = await runnerOf({}, { pool, presence, queue: new JobQueue(steady, schema) }).begin(
        stopping.signal,
      );
      await listening.complete;
      stopping.abort();
      await turns(20);
      proxy.cutAll();
      proxy.heal();
      await expect(ended).resolves.toBeUndefined();
      await presence.close();
    });
  });

  test("does nothing more once it has ended, though it is told then of a job that it had asked for", async () => {
    await scene.throughProxy(async (pool) => {
      const { pool: steady, schema } = scene.fresh;
      const [asked, told] = [meetingOf(1), meetingOf(1)];
      asking(pool, async (text, ask) => {
        const answer = await ask();
        if (!isTaking(text)) return answer;
        void asked();
        await told.complete;
        return answer;
      });
      const queue = new JobQueue(steady, schema);
      await queue.now("work", "late", {});
      const worked: string[] = [];
      const tasks = { work: async () => void worked.push("late") };
      const [presence, stopping, clock] = [new Presence(steady), new AbortController(), minuteClock()];
      const failed = meetingOf(1);
      const tell = ({ kind }: WorkerEvent): void => void (kind === "failed" && failed());
      const { ended } = await runnerOf(tasks, { pool, presence, queue, clock, tell }).begin(stopping.signal);
      await asked.complete;
      stopping.abort();
      await asTimeGoesBy(clock, ended);
      void told();
      await failed.complete;
      expect(worked).toEqual([]);
      expect(await scene.jobs()).toEqual(["work:late"]);
      await presence.close();
      // The client that was told too late is given back once it is written that the job failed.
      await until(() => pool.idleCount === pool.totalCount);
    });
  });

  test("that drains says so if it could not ask for jobs", async () => {
    await scene.throughProxy(async (pool) => {
      const { pool: steady, schema } = scene.fresh;
      asking(pool, async (text, ask) => {
        if (isTaking(text)) throw new Error("out of memory");
        return ask();
      });
      const presence = new Presence(steady);
      const runner = runnerOf({ async work() {} }, { pool, presence, queue: new JobQueue(steady, schema) });
      await expect(runner.drain()).rejects.toThrow("out of memory");
      await presence.close();
    });
  });

  test("that is stopped is known to live until its last job is done", async () => {
    const { at, leave, clock, worker, of, running } = await delivering();
    const stopping = worker.stop();
    await endPresence();
    await clock.look();
    const { pool, schema } = scene.fresh;
    await new JobQueue(pool, schema).freeOfTheDead((id) => `assent.worker.${schema}.${id}`);
    expect(await taken()).toEqual(["deliver"]);
    leave();
    await stopping;
    await running;
    expect(of("delivered")).toHaveLength(1);
    expect(at.made).toHaveLength(1);
  });

  test("keeps what it is doing when the connection breaks that it is known to live by", async () => {
    const { at, leave, clock, worker, of, running } = await delivering();
    await endPresence();
    await clock.look();
    expect(await taken()).toEqual(["deliver"]);
    leave();
    await until(() => of("delivered").length > 0);
    await worker.stop();
    await running;
    expect(at.made).toHaveLength(1);
  });

  test("is seen to live again by its next job", async () => {
    const { pool, schema } = scene.fresh;
    const [presence, other] = [new Presence(pool), new Presence(pool)];
    const queue = new JobQueue(pool, schema);
    const name = "a runner of this test";
    const seen: boolean[] = [];
    const tasks = {
      first: endPresence,
      async second() {
        seen.push(await other.tryHold(name));
      },
    };
    for (const task of ["first", "second"]) await queue.now(task, task, {});
    await runnerOf(tasks, { pool, presence, queue, nameOf: () => name }).drain();
    expect(seen).toEqual([false]);
    expect(await other.tryHold(name)).toBe(true);
    await Promise.all([presence.close(), other.close()]);
  });
});
