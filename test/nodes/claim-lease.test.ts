import { GraphBubbleUp } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { memoryLedger, notStarted, policy, type Ledger, type Outcome } from "assent";
import { manualClock, type ManualClock } from "assent/testing";
import { hurriedClock } from "../support/hurried-clock.js";
import { executeAlways, gated, type GatedOptions } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { changeablePolicy } from "./signed-gate.js";

/** A ledger some of whose calls do something else. */
function changed(ledger: Ledger, change: Partial<Ledger>): Ledger {
  return new Proxy(ledger, {
    get(target, name: keyof Ledger) {
      const member: unknown = change[name] ?? target[name];
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

/** A ledger on a clock of its own, whose first claim is somebody's who will not come back. */
function abandonedLedger(clock: ManualClock): Ledger {
  const ledger = memoryLedger({ clock });
  let died = false;
  return changed(ledger, {
    async claim(request) {
      if (!died) {
        died = true;
        await ledger.claim({ ...request, owner: "dead:1", takeover: false });
      }
      return ledger.claim(request);
    },
  });
}

const ended = (run: unknown): Outcome => Object.values((run as { outcomes: Record<string, Outcome> }).outcomes)[0]!;

describe("a lease is told by the ledger's clock alone", () => {
  const hour = 3_600_000;
  const start = Date.parse("2026-03-30T10:30:00Z");

  test.each([
    ["an hour ahead", hour],
    ["an hour behind", -hour],
  ])("a host whose clock is %s neither takes over too early nor waits too long", async (_, offMs) => {
    for (const idempotent of [true, false]) {
      const ledgerClock = manualClock(new Date(start).toISOString());
      const hostClock = hurriedClock();
      const off = { ...hostClock, now: () => new Date(hostClock.now().getTime() + start + offMs - Date.UTC(2026, 0)) };
      const ledger = abandonedLedger(ledgerClock);
      const { thread, made, assent } = gated({ policy: executeAlways, ledger, clock: off, idempotent });
      // As long as the ledger's own clock stands, the claim holds, however long the host waits by its own.
      await expect(thread.start()).rejects.toMatchObject({ code: "claim_held", retryable: true });
      await ledgerClock.advance(29_999);
      await expect(thread.goOn()).rejects.toMatchObject({ code: "claim_held" });
      expect(made).toEqual([]);
      await ledgerClock.advance(1);
      await thread.goOn();
      expect(made).toHaveLength(idempotent ? 1 : 0);
      expect(await thread.outcome()).toMatchObject({ status: idempotent ? "executed" : "in-doubt" });
      const [held] = await assent.ledger.cases({ threadId: thread.id, afterId: "", limit: 1 });
      expect(held!.permit).toMatchObject({ state: "spent", claims: idempotent ? 2 : 1 });
    }
  });

  test("a claim's end is the ledger's time and the lease, whatever the host's clock says", async () => {
    const ledgerClock = manualClock("2026-03-30T10:30:00Z");
    const ledger = memoryLedger({ clock: ledgerClock });
    let leaseUntil: string | null | undefined;
    const { thread } = gated({
      policy: executeAlways,
      ledger,
      clock: hurriedClock(),
      leaseMs: 12_000,
      run: async (_, { proposalId }) => {
        leaseUntil = (await ledger.read(proposalId))?.permit?.leaseUntil;
      },
    });
    await thread.start();
    expect(leaseUntil).toBe("2026-03-30T10:30:12.000Z");
  });
});

describe("a host that finds the permit claimed", () => {
  /** A host whose every wait is over at once, and a claim of somebody who will not come back. */
  async function waiting(leaseMs: number) {
    const clock = hurriedClock();
    const ledgerClock = manualClock();
    const { thread, made, assent } = gated({
      policy: executeAlways,
      ledger: abandonedLedger(ledgerClock),
      clock,
      leaseMs,
    });
    const error: unknown = await thread.start().catch((thrown: unknown) => thrown);
    return { clock, error, made, assent, thread };
  }

  test("takes over at the next attempt, where the lease ran out just after it had asked", async () => {
    const ledgerClock = manualClock();
    const ledger = abandonedLedger(ledgerClock);
    const between = changed(ledger, {
      async claim(request) {
        const result = await ledger.claim(request);
        if (result.claimed || result.lapsed) return result;
        await ledgerClock.advance(request.leaseMs);
        return { ...result, lapsed: true };
      },
    });
    const { thread, made } = gated({ policy: executeAlways, ledger: between, clock: hurriedClock() });
    await thread.start();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("asks again after waits that grow, for two leases, and then says who has it", async () => {
    const { clock, error, made } = await waiting(1_000);
    expect(clock.slept).toEqual([20, 40, 80, 160, 320, 500, 500, 500]);
    expect(error).toMatchObject({
      code: "claim_held",
      retryable: true,
      message: expect.stringContaining("Another worker holds the claim on this action and is still alive"),
      where: expect.stringMatching(/^pm_/),
      seen: { owner: "dead:1", leaseUntil: expect.stringMatching(/^2026/) },
      fix: expect.stringContaining("will not run twice"),
    });
    expect(made).toEqual([]);
  });

  test("claims under a name that nobody else has: machine, process and a random part", async () => {
    const owners = new Set<string>();
    const store = memoryLedger();
    const ledger = changed(store, {
      claim: (request) => {
        owners.add(request.owner);
        return store.claim(request);
      },
    });
    const { thread, graph } = gated({ policy: executeAlways, ledger });
    await thread.start();
    await new Thread(graph).start();
    expect(owners.size).toBe(2);
    for (const owner of owners) expect(owner).toMatch(new RegExp(`^.+:${process.pid}:[0-9a-f-]{36}$`));
  });

  test("stops waiting when its run is cancelled", async () => {
    const clock = manualClock();
    const { thread, graph, made } = gated({ policy: executeAlways, ledger: abandonedLedger(manualClock()), clock });
    const cancelled = new AbortController();
    const run = graph.invoke({}, { ...thread.config, signal: cancelled.signal }).catch((error: unknown) => error);
    await clock.untilAsleep();
    cancelled.abort(new Error("the client went away"));
    expect(String(await run)).toMatch(/client went away|abort/i);
    expect(made).toEqual([]);
  });
});

describe("eight hosts that come with one approval at the same moment", () => {
  test.each([true, false])("one effect, and one outcome for all of them (idempotent: %s)", async (idempotent) => {
    const { thread, graph, made, assent } = gated({ idempotent });
    await thread.start();
    const hosts = Array.from({ length: 8 }, () => new Thread(graph, thread.id));
    const runs = await Promise.allSettled(hosts.map((host) => host.answer("approve")));
    for (const run of runs)
      if (run.status === "fulfilled") expect(ended(run.value)).toMatchObject({ status: "executed" });
    expect(runs.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(made).toHaveLength(1);
    const [held] = await assent.ledger.cases({ afterId: "", limit: 1 });
    expect(held!.permit).toMatchObject({ state: "spent", claims: 1, id: made[0]!.idempotencyKey });
  });
});

describe("signs of life", () => {
  /** An action that runs until its signal aborts, and then says with what. */
  function patient(options: GatedOptions & { clock: ManualClock }) {
    const reasons: unknown[] = [];
    let begun: () => void = () => {};
    const running = new Promise<void>((resolve) => (begun = resolve));
    const trial = gated({
      policy: executeAlways,
      run: (_, { signal }, paid) => {
        paid();
        begun();
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          });
        });
      },
      ...options,
    });
    return { ...trial, reasons, running };
  }

  test("are given three times a lease", async () => {
    const clock = manualClock();
    const store = memoryLedger({ clock });
    const beats: unknown[] = [];
    const ledger = changed(store, {
      extend: (request) => {
        beats.push({ at: clock.now().toISOString(), leaseMs: request.leaseMs });
        return store.extend(request);
      },
    });
    const cancelled = new AbortController();
    const { graph, thread, running } = patient({ clock, ledger, leaseMs: 3_000 });
    const run = graph.invoke({}, { ...thread.config, signal: cancelled.signal }).catch(() => "cancelled");
    await running;
    for (let beat = 0; beat < 3; beat += 1) {
      await clock.untilAsleep();
      await clock.advance(1_000);
    }
    expect(beats).toEqual([
      { at: "2026-01-01T00:00:01.000Z", leaseMs: 3_000 },
      { at: "2026-01-01T00:00:02.000Z", leaseMs: 3_000 },
      { at: "2026-01-01T00:00:03.000Z", leaseMs: 3_000 },
    ]);
    cancelled.abort(new Error("enough"));
    expect(await run).toBe("cancelled");
    expect(clock.asleep).toBe(0);
  });

  test("that find the claim lost tell the action at once, and what it says afterwards counts no more", async () => {
    const clock = manualClock();
    const store = memoryLedger({ clock });
    const settled: string[] = [];
    const ledger = changed(store, {
      extend: async () => false,
      settle: (request) => {
        settled.push(request.outcome.status);
        return store.settle(request);
      },
    });
    const { thread, running, reasons, assent } = patient({ clock, ledger });
    const run = thread.start().catch((error: unknown) => error);
    await running;
    await clock.untilAsleep();
    await clock.advance(10_000);
    expect(await run).toMatchObject({ code: "claim_lost", retryable: true });
    expect(reasons).toMatchObject([
      {
        code: "claim_lost",
        message: expect.stringContaining("taken the action over"),
        where: expect.stringMatching(/^pm_/),
      },
    ]);
    expect(settled).toEqual([]);
    const [held] = await assent.ledger.cases({ afterId: "", limit: 1 });
    expect(held).toMatchObject({ outcome: null, permit: { state: "claimed" } });
    expect(clock.asleep).toBe(0);
  });

  test("go on after some that failed", async () => {
    const clock = manualClock();
    const store = memoryLedger({ clock });
    let tried = 0;
    const ledger = changed(store, {
      extend: (request) => {
        tried += 1;
        return tried < 3 ? Promise.reject(new Error("the network")) : store.extend(request);
      },
    });
    const cancelled = new AbortController();
    const { graph, thread, running, reasons, assent } = patient({ clock, ledger });
    const run = graph.invoke({}, { ...thread.config, signal: cancelled.signal }).catch(() => "cancelled");
    await running;
    for (let beat = 0; beat < 3; beat += 1) {
      await clock.untilAsleep();
      await clock.advance(9_999);
      await clock.advance(1);
    }
    expect(tried).toBe(3);
    expect(reasons).toEqual([]);
    const [held] = await assent.ledger.cases({ afterId: "", limit: 1 });
    expect(held!.permit!.leaseUntil).toBe("2026-01-01T00:01:00.000Z");
    cancelled.abort(new Error("enough"));
    await run;
  });

  test("end with the action, also when it throws", async () => {
    for (const idempotent of [true, false]) {
      const clock = hurriedClock();
      const signals: AbortSignal[] = [];
      const { thread } = gated({
        policy: executeAlways,
        clock,
        idempotent,
        run: (_, { signal }) => {
          signals.push(signal);
          throw new Error("busy");
        },
      });
      await thread.start();
      expect(signals.length).toBe(idempotent ? 3 : 1);
      expect(signals.every(({ aborted }) => !aborted)).toBe(true);
    }
  });
});

describe("a run that is cancelled while the action runs", () => {
  test.each([true, false])(
    "tells the action, records nothing, and leaves the claim (idempotent: %s)",
    async (idempotent) => {
      const clock = manualClock();
      const cancelled = new AbortController();
      let told = false;
      const { graph, thread, assent } = gated({
        policy: executeAlways,
        clock,
        idempotent,
        run: (_, { signal }) => {
          cancelled.abort(new Error("the client went away"));
          told = signal.aborted;
          throw signal.reason;
        },
      });
      await expect(graph.invoke({}, { ...thread.config, signal: cancelled.signal })).rejects.toThrow(
        /went away|abort/i,
      );
      expect(told).toBe(true);
      const [held] = await assent.ledger.cases({ threadId: thread.id, afterId: "", limit: 1 });
      expect(held).toMatchObject({ outcome: null, permit: { state: "claimed", claims: 1 } });
    },
  );
});

describe("an action that throws what is LangGraph's own", () => {
  test.each([true, false])(
    "is not tried again, and nobody says that it failed (idempotent: %s)",
    async (idempotent) => {
      let ran = 0;
      const { thread, assent } = gated({
        policy: executeAlways,
        clock: hurriedClock(),
        idempotent,
        run: () => {
          ran += 1;
          throw new GraphBubbleUp("on its way up");
        },
      });
      await thread.start().catch(() => undefined);
      expect(ran).toBe(1);
      const [held] = await assent.ledger.cases({ threadId: thread.id, afterId: "", limit: 1 });
      expect(held).toMatchObject({ outcome: null, permit: { state: "claimed", claims: 1 } });
    },
  );
});

describe("not idempotent, and it says that nothing happened", () => {
  test("to the end of its attempts, with growing waits: failed; under one key", async () => {
    const clock = hurriedClock();
    const keys = new Set<string>();
    const { thread } = gated({
      policy: executeAlways,
      clock,
      leaseMs: 3_600_000,
      idempotent: false,
      attemptsMax: 4,
      run: (_, { idempotencyKey }) => {
        keys.add(idempotencyKey);
        throw notStarted("the bank is closed");
      },
    });
    await thread.start();
    expect(keys.size).toBe(1);
    expect(clock.slept.filter((ms) => ms < 5_000)).toEqual([100, 200, 400]);
    expect(await thread.outcome()).toMatchObject({
      status: "failed",
      reason: "It failed 4 times; last: the bank is closed",
    });
  });
});

describe("a permit that was claimed by somebody who died, and holds no more", () => {
  async function forbidden(idempotent: boolean) {
    const clock = hurriedClock();
    const ledgerClock = manualClock();
    const changeable = changeablePolicy(executeAlways);
    const ledger = abandonedLedger(ledgerClock);
    const trial = gated({ policy: changeable, ledger, clock, idempotent });
    await expect(trial.thread.start()).rejects.toMatchObject({ code: "claim_held" });
    changeable.become(policy({ default: { route: "block" } }));
    return { ...trial, ledgerClock };
  }

  test.each([true, false])(
    "nobody takes it over: held while the lease holds, then in doubt, and noted (idempotent: %s)",
    async (idempotent) => {
      const { thread, made, assent, ledgerClock } = await forbidden(idempotent);
      await expect(thread.goOn()).rejects.toMatchObject({ code: "claim_held", seen: { owner: "dead:1" } });
      await ledgerClock.advance(30_000);
      await thread.goOn();
      expect(made).toEqual([]);
      expect(await thread.outcome()).toMatchObject({
        status: "in-doubt",
        replayed: false,
        reason: expect.stringMatching(/worker that ran it died/),
      });
      const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 100 });
      expect(rows.map(({ kind }) => kind)).toContain("refused");
      expect(rows.find(({ kind }) => kind === "refused")!.entry).toContain("the policy now says otherwise");
    },
  );
});
