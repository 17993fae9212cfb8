import { describe, expect, test } from "vitest";
import { memoryLedger, notStarted, type Ledger } from "assent";
import { manualClock, type ManualClock } from "assent/testing";
import { hurriedClock } from "../support/hurried-clock.js";
import { executeAlways, gated, type GatedOptions, type PaymentsOptions } from "../support/payments.js";
import { Thread } from "../support/thread.js";

function auto(options: GatedOptions = {}) {
  return gated({ policy: executeAlways, clock: hurriedClock(), ...options });
}

describe("an action that fails", () => {
  function failing(times: number, error: () => unknown, options: PaymentsOptions = {}) {
    const keys: string[] = [];
    const trial = auto({
      ...options,
      run: (_, { idempotencyKey }, paid) => {
        keys.push(idempotencyKey);
        if (keys.length <= times) throw error();
        paid();
        return "paid";
      },
    });
    return { ...trial, keys };
  }

  test("idempotent, throws twice, then works: three attempts under one key, one effect", async () => {
    const { thread, made, keys } = failing(2, () => new Error("busy"));
    await thread.start();
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: "paid" });
  });

  test("idempotent, always throws: failed after its attempts, with the last reason", async () => {
    const { thread, keys } = failing(9, () => new Error("no money"), { attemptsMax: 4 });
    await thread.start();
    expect(keys).toHaveLength(4);
    expect(await thread.outcome()).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/4 times.*no money/),
    });
    expect(await thread.finished()).toBe(true);
  });

  test("not idempotent, throws: in doubt at once, never tried again", async () => {
    const { thread, keys } = failing(9, () => new Error("connection lost"), { idempotent: false });
    await thread.start();
    expect(keys).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({
      status: "in-doubt",
      reason: expect.stringMatching(/not known whether.*connection lost/),
    });
    await thread.goOn();
    await thread.start();
    expect(keys.length).toBe(2);
    expect(new Set(keys).size).toBe(2);
  });

  test("not idempotent, but says that nothing happened: tried again under the same key", async () => {
    const { thread, keys, made } = failing(2, () => notStarted("connection refused"), { idempotent: false });
    await thread.start();
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("not idempotent, says that nothing happened, then fails for real: in doubt", async () => {
    let tried = 0;
    const { thread } = failing(9, () => ((tried += 1) === 1 ? notStarted("refused") : new Error("half done")), {
      idempotent: false,
    });
    await thread.start();
    expect(tried).toBe(2);
    expect(await thread.outcome()).toMatchObject({ status: "in-doubt" });
  });

  test("not idempotent, never starts: failed, for nothing can have happened", async () => {
    const { thread, keys } = failing(9, () => notStarted("refused"), { idempotent: false });
    await thread.start();
    expect(keys).toHaveLength(3);
    expect(await thread.outcome()).toMatchObject({ status: "failed" });
  });

  const noLength = {
    get message(): string {
      throw new Error("even its message throws");
    },
  };
  const strange: Record<string, unknown> = {
    "a text": "just a text",
    nothing: undefined,
    null: null,
    "an object without a prototype": Object.create(null),
    "an object that throws when shown": Object.setPrototypeOf(noLength, Error.prototype),
    "an error with half a character": new Error("broken \ud800 character"),
    "an error with a NUL": new Error("zero \0 byte"),
    "an error as long as a page": new Error("x".repeat(300_000)),
    "an error that ends in half a character when cut": new Error("😀".repeat(5_000)),
  };

  test.each(Object.entries(strange))("it throws %s: the case still ends, and is recorded", async (_, thrown) => {
    for (const idempotent of [true, false]) {
      const { thread, assent } = failing(9, () => thrown, { idempotent });
      await thread.start();
      const outcome = await thread.outcome();
      expect(outcome.status).toBe(idempotent ? "failed" : "in-doubt");
      expect((outcome as { reason: string }).reason.length).toBeLessThan(2_000);
      expect(await assent.ledger.caseRecordText(outcome.auditId)).not.toBeNull();
      expect(await thread.finished()).toBe(true);
    }
  });

  test("the waits between attempts grow and end", async () => {
    const clock = hurriedClock();
    const { thread } = auto({
      clock,
      attemptsMax: 10,
      leaseMs: 3_600_000,
      run: () => {
        throw new Error("busy");
      },
    });
    await thread.start();
    const waits = clock.slept.filter((ms) => ms <= 5_000);
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });
});

describe("what an action returns", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  test.each([
    ["nothing", undefined, null],
    ["null", null, null],
    ["plain JSON", { id: 1, list: [true, "x"] }, { id: 1, list: [true, "x"] }],
    ["a text with half a character", "\ud800", { unrepresentable: true }],
    ["a bigint", 1n, { unrepresentable: true }],
    ["a cycle", cyclic, { unrepresentable: true }],
    ["a function", () => 1, { unrepresentable: true }],
    ["more than can be kept", "x".repeat(100_000), { unrepresentable: true }],
  ])("%s: the outcome is executed", async (_, returned, kept) => {
    const { thread, made } = auto({
      run: (_args, _context, paid) => {
        paid();
        return returned;
      },
    });
    await thread.start();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: kept });
  });

  test("arguments and a result that are as large as may be: still recorded", async () => {
    const { thread } = auto({
      proposals: [[{ to: "x".repeat(30_000), cents: 1 }]],
      run: () => "y".repeat(65_000),
    });
    await thread.start();
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: "y".repeat(65_000) });
  });
});

describe("an action that takes its time", () => {
  /** An action that runs until it is told to end. */
  function slow({ clock = manualClock(), ...options }: GatedOptions & { clock?: ManualClock } = {}) {
    let end: () => void = () => {};
    let begun: () => void = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const running = new Promise<void>((resolve) => (begun = resolve));
    const signals: AbortSignal[] = [];
    const trial = gated({
      policy: executeAlways,
      clock,
      run: async (_, { signal }, paid) => {
        signals.push(signal);
        paid();
        begun();
        await ended;
        return "done";
      },
      ...options,
    });
    return { ...trial, clock, signals, running, end: () => end() };
  }

  test("keeps its claim by signs of life, however long it takes", async () => {
    const { thread, assent, clock, running, end, signals } = slow();
    const run = thread.start();
    await running;
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.untilAsleep();
      await clock.advance(60_000);
    }
    const [proposal] = (await assent.ledger.cases({ afterId: "", limit: 1 })).map((held) => held.permit);
    expect(proposal).toMatchObject({ state: "claimed", claims: 1 });
    expect(Date.parse(proposal?.leaseUntil ?? "")).toBeGreaterThan(clock.now().getTime());
    end();
    await run;
    expect(signals[0]?.aborted).toBe(false);
    expect(clock.asleep).toBe(0);
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: "done", replayed: false });
  });

  test.each([true, false])(
    "a second worker on the same thread waits and reports the same outcome without running (idempotent: %s)",
    async (idempotent) => {
      const { thread, graph, made, clock, running, end } = slow({ idempotent });
      const first = thread.start();
      await running;
      const second = new Thread(graph, thread.id).goOn();
      // The sign of life of the first, and the waiting of the second.
      await clock.untilAsleep(2);
      await clock.advance(45_000);
      await clock.untilAsleep(2);
      end();
      const [outcome] = Object.values(((await first) as { outcomes: Record<string, object> }).outcomes);
      await clock.advance(1_000);
      const [seen] = Object.values(((await second) as { outcomes: Record<string, object> }).outcomes);
      expect(outcome).toMatchObject({ status: "executed", result: "done", replayed: false });
      expect(seen).toEqual({ ...outcome, replayed: true });
      expect(made).toHaveLength(1);
    },
  );

  test("a second worker does not wait for ever: it says that another runs the action, and may come again", async () => {
    const { thread, graph, made, clock, running, end } = slow();
    const first = thread.start();
    await running;
    const second = new Thread(graph, thread.id).goOn().catch((error: unknown) => error);
    for (let i = 0; i < 13; i += 1) {
      await clock.untilAsleep(i < 12 ? 2 : 1);
      await clock.advance(5_000);
    }
    expect(await second).toMatchObject({ code: "claim_held", retryable: true });
    end();
    await first;
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", replayed: false });
  });

  test("a worker that cannot give signs of life loses its claim, is told, and its word counts no more", async () => {
    const clock = manualClock();
    const ledger = memoryLedger({ clock });
    let mute = false;
    const deaf: Ledger = Object.assign(Object.create(ledger) as Ledger, {
      extend: (request: Parameters<Ledger["extend"]>[0]) =>
        mute ? Promise.reject(new Error("down")) : ledger.extend(request),
    });
    // Private fields live on the real ledger, so every other method is bound to it.
    for (const name of ["propose", "read", "take", "route", "claim", "settle", "cases", "halts"] as const) {
      Object.assign(deaf, { [name]: ledger[name].bind(ledger) });
    }
    const { thread, graph, made, running, end } = slow({ clock, ledger: deaf, idempotent: false });
    const first = thread.start();
    await running;
    mute = true;
    await clock.untilAsleep();
    await clock.advance(31_000);
    const second = await new Thread(graph, thread.id).goOn();
    expect(Object.values((second as { outcomes: object }).outcomes)).toMatchObject([{ status: "in-doubt" }]);
    end();
    await first;
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "in-doubt" });
  });
});

describe("a worker that died with its claim", () => {
  /** A thread that waits for an approval, whose permit somebody else has claimed who will not come back. */
  async function abandoned(idempotent: boolean) {
    const clock = manualClock();
    const trial = gated({ clock, idempotent });
    await trial.thread.start();
    const { review } = await trial.thread.asked();
    const { case: held } = await trial.assent.reviews.get(review);
    const dead: Ledger = trial.assent.ledger;
    const original = dead.claim.bind(dead);
    let died = false;
    dead.claim = async (request) => {
      if (!died) {
        died = true;
        await original({ ...request, owner: "dead:1", takeover: false });
      }
      return original(request);
    };
    const resumed = trial.thread.answer("approve");
    await clock.untilAsleep();
    return { ...trial, clock, resumed, proposal: held.proposal.id };
  }

  test("idempotent: taken over once the lease has run out, under the same key, not a moment before", async () => {
    const { clock, resumed, made, thread, assent, proposal } = await abandoned(true);
    await clock.advance(29_000);
    expect(made).toHaveLength(0);
    await clock.advance(2_000);
    await resumed;
    expect(made).toHaveLength(1);
    const held = await assent.ledger.read(proposal);
    expect(held?.permit).toMatchObject({ claims: 2, state: "spent", id: made[0]?.idempotencyKey });
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("not idempotent: in doubt once the lease has run out, and never run", async () => {
    const { clock, resumed, made, thread } = await abandoned(false);
    await clock.advance(29_000);
    await clock.advance(2_000);
    await resumed;
    expect(made).toHaveLength(0);
    expect(await thread.outcome()).toMatchObject({
      status: "in-doubt",
      reason: expect.stringMatching(/died.*not known/),
    });
  });
});
