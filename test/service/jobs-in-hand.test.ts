import type { PostgresProxy } from "assent/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decideNext } from "./desk.js";
import { minuteClock, openScene, until, type WorkerDesk, type WorkerScene } from "./worker-desk.js";

let scene: WorkerScene;
beforeEach(async () => {
  scene = await openScene({ isAlone: true });
});
afterEach(() => scene.fresh.close());

describe("a worker whose connection breaks", () => {
  /** A worker of one job at a time, which is delivering `first` while another thread waits for it. */
  async function delivering(work: (at: Delivering) => Promise<void>): Promise<void> {
    await scene.throughProxy(async (pool, proxy) => {
      const { at, arrived, leave } = scene.heldDesk();
      await at.delivery.start("first", {});
      await at.thread.start();
      const clock = minuteClock();
      const { worker, of } = scene.workerFor(at, { clock, pool, concurrency: 1 });
      const running = worker.run();
      await scene.compared();
      await decideNext(at.assent, "first");
      await arrived;
      await decideNext(at.assent, at.thread.id);
      await work({ at, proxy, of, leave, look: clock.look });
      await worker.stop();
      await running;
      expect(at.made).toHaveLength(2);
      expect(await at.thread.finished()).toBe(true);
    });
  }

  interface Delivering extends Pick<WorkerDesk, "of"> {
    at: ReturnType<WorkerScene["desk"]>;
    proxy: PostgresProxy;
    leave: () => void;
    /** The worker's look at what it has taken, once a minute. */
    look: () => Promise<void>;
  }

  const taken = async (thread: string): Promise<boolean> => {
    const sql = `select from ${scene.fresh.schema}_jobs.jobs where key = $1 and locked_at is not null`;
    return (await scene.fresh.pool.query(sql, [`deliver:${thread}`])).rows.length > 0;
  };

  test("before it hears which job it has taken gives that job back, at the second look", async () => {
    await delivering(async ({ at, proxy, of, leave, look }) => {
      // The next thing that it writes is that it takes the second job.
      proxy.cutCommit("after", 1);
      leave();
      await until(() => proxy.cuts.after === 1);
      await until(async () => !(await taken("first")));
      expect(await taken(at.thread.id)).toBe(true);
      await look();
      expect(await taken(at.thread.id)).toBe(true);
      expect(of("delivered")).toHaveLength(1);
      await look();
      await until(() => of("delivered").length === 2);
    });
  });

  test("before it is written that a job is done goes on, and the job is done with at the next look", async () => {
    await delivering(async ({ at, proxy, of, leave, look }) => {
      // It takes the second job, and then writes that the first one is done.
      proxy.cutCommit("before", 2);
      leave();
      await until(() => proxy.cuts.before === 1);
      await until(() => of("delivered").some(({ threadId }) => threadId === at.thread.id));
      await until(async () => !(await taken(at.thread.id)));
      expect(await taken("first")).toBe(true);
      await look();
      await until(async () => !(await scene.jobs()).includes("deliver:first"));
    });
  });
});
