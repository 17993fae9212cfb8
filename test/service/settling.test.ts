import { isUnknownInterruptError, MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import { createDelivery, type Threads } from "assent/service";
import { manualClock } from "assent/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { unsettledMs } from "../../src/service/bring-forward.js";
import { abortedHere, breaksIn, decideNext, desk } from "./desk.js";
import { hoursOff, openScene, type WorkerScene } from "./worker-desk.js";

const inMemory = () => ({ checkpointer: new MemorySaver(), ledger: memoryLedger() });

describe("a thread that has work left", () => {
  const now = new Date("2026-03-30T10:30:00.000Z");
  const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();

  test.each([
    ["moved this moment", ago(0), 0, 250],
    ["moved a second ago", ago(1_000), 0, 1_000],
    ["moved half of the time ago", ago(30_000), 0, 30_000],
    ["has almost settled", ago(59_900), 0, 250],
    ["has settled", ago(60_000), 0, 0],
    ["moved a second from now, by another clock", ago(-1_000), 0, 250],
    ["moved an hour from now, by a clock that is wrong", ago(-3_600_000), 0, 250],
    ["was watched for a while since", ago(-3_600_000), 20_000, 20_000],
    ["was watched for long enough", ago(-3_600_000), 60_000, 0],
  ])("and %s is looked at again after a while that fits", (_what, movedAt, watchedMs, expected) => {
    const seen = { movedAt, since: ago(watchedMs) };
    expect(unsettledMs(seen, 60_000, now)).toBe(expected);
    expect(unsettledMs(seen, 0, now)).toBe(0);
  });

  test("is watched until it has been still, though whoever ran it has a clock that is an hour ahead", async () => {
    const clock = manualClock();
    const at = desk(inMemory(), { inNode: breaksIn("before") });
    await expect(at.thread.start()).rejects.toThrow("before broke");
    const hourLater = (): string => new Date(clock.now().getTime() + 3_600_000).toISOString();
    let movedAt = hourLater();
    const threads: Threads = { ...at.threads, state: async (id) => ({ ...(await at.threads.state(id)), movedAt }) };
    const delivery = createDelivery({ ledger: at.assent.ledger, threads, settleMs: 60_000, clock });
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    await clock.advance(59_000);
    // It moves once more, and is watched anew.
    movedAt = hourLater();
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    await clock.advance(59_000);
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    expect(at.calls).toEqual([]);
    await clock.advance(1_000);
    expect(await delivery.deliver(at.thread.id)).toBe("waiting");
    expect(at.calls.map(({ what }) => what)).toEqual(["proceed"]);
  });
});

test("a thread whose newest checkpoint was written by a clock that was ahead is said to be stuck, not run on and on", async () => {
  let runs = 0;
  const at = desk(inMemory(), { inNode: (node) => void (runs += Number(node === "after")) });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    await at.thread.start();
  } finally {
    vi.useRealTimers();
  }
  await decideNext(at.assent, at.thread.id);
  await expect(at.delivery.deliver(at.thread.id)).rejects.toMatchObject({
    code: "thread_stuck",
    message: expect.stringContaining("a host whose clock was ahead"),
  });
  expect([at.made.length, runs]).toEqual([1, 2]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    expect(await at.delivery.deliver(at.thread.id)).toBe("finished");
  } finally {
    vi.useRealTimers();
  }
  expect(at.made).toHaveLength(1);
});

describe("a thread that somebody may be running", () => {
  let scene: WorkerScene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.fresh.close());

  const patient = { settleMs: 600_000, graceMs: 600_000 };

  /** A thread that is decided, and whose host was stopped in its last node. */
  async function cutOff() {
    const stopping = new AbortController();
    const at = scene.desk({
      inNode: (node) => (node === "after" && !stopping.signal.aborted ? abortedHere(stopping) : undefined),
    });
    await at.thread.start();
    await decideNext(at.assent, at.thread.id);
    await expect(
      at.graph.invoke(null, { ...at.thread.config, durability: "sync", signal: stopping.signal }),
    ).rejects.toThrow("stopped by the test");
    return at;
  }

  /** The same as if what is in its job had been seen an hour before. */
  async function watchedForAnHour(): Promise<void> {
    const jobs = `${scene.fresh.schema}_jobs._private_jobs`;
    const { rowCount } = await scene.fresh.pool.query(
      `update ${jobs} set payload = jsonb_set(payload::jsonb, '{seen,since}',
         to_jsonb(((payload #>> '{seen,since}')::timestamptz - interval '1 hour')::text))::json, run_at = now()
       where payload -> 'seen' is not null`,
    );
    expect(rowCount).toBe(1);
  }

  test("is left alone until it has been still, and then it goes on", async () => {
    const at = await cutOff();
    const { worker, of } = scene.workerFor(at, patient);
    await worker.drain();
    const [later] = of("later");
    expect(later!.retryInMs).toBeGreaterThanOrEqual(250);
    expect(at.calls).toEqual([]);
    expect(await scene.jobs()).toContain(`deliver:${at.thread.id}`);
    await watchedForAnHour();
    const another = scene.workerFor(at, patient);
    await another.worker.drain();
    expect(another.of("delivered")).toMatchObject([{ result: "finished" }]);
  });

  test("is left alone by a worker whose clock is an hour ahead", async () => {
    const at = await cutOff();
    const { worker, of } = scene.workerFor(at, { ...patient, clock: hoursOff(1) });
    await worker.drain();
    expect(of("later")).toHaveLength(1);
    expect(at.calls).toEqual([]);
  });

  test("goes on once it was watched for long enough, though its host's clock is a day ahead", async () => {
    const at = await cutOff();
    const shifted = (movedAt: string | null): string => new Date(Date.parse(movedAt ?? "") + 86_400_000).toISOString();
    const threads: Threads = {
      ...at.threads,
      async state(threadId) {
        const state = await at.threads.state(threadId);
        return { ...state, movedAt: shifted(state.movedAt) };
      },
    };
    const { worker, of } = scene.workerFor({ ...at, threads }, patient);
    await worker.drain();
    expect(of("later")).toMatchObject([{ retryInMs: 250 }]);
    await watchedForAnHour();
    await worker.drain();
    expect(of("delivered")).toMatchObject([{ result: "finished" }]);
  });
});

describe("somebody else who answers at the same moment", () => {
  /** Threads on which everything was answered a moment before. */
  const tooLate = (threads: Threads): Threads => ({
    ...threads,
    async resume(threadId, answers) {
      await threads.resume(threadId, answers);
      await threads.resume(threadId, answers);
    },
  });

  test("is noticed, and the thread is looked at again later", async () => {
    const { assent, threads, thread, made } = desk(inMemory());
    await thread.start();
    await decideNext(assent, thread.id);
    const { ledger } = assent;
    const delivery = createDelivery({ ledger, threads: tooLate(threads), settleMs: 60_000 });
    expect(await delivery.deliver(thread.id)).toBe("later");
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made).toHaveLength(1);
  });

  test("is an error where nobody else is said to be there", async () => {
    const { assent, threads, thread } = desk(inMemory());
    await thread.start();
    await decideNext(assent, thread.id);
    const delivery = createDelivery({ ledger: assent.ledger, threads: tooLate(threads) });
    const error: unknown = await delivery.deliver(thread.id).catch((thrown: unknown) => thrown);
    expect(isUnknownInterruptError(error)).toBe(true);
  });
});
