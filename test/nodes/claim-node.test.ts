import { describe, expect, test } from "vitest";
import {
  AssentError,
  createAssent,
  defineAction,
  memoryLedger,
  type AssentOptions,
  type Case,
  type Ledger,
} from "assent";
import type { ClaimRequest, ClaimResult, SettleRequest } from "../../src/ledger/ledger.js";
import { executeNode } from "../../src/nodes/execute-node.js";
import type { GateState, GateUpdate } from "../../src/nodes/state.js";
import {
  asked,
  claimed,
  claimRequest,
  decided,
  executed,
  moment,
  reviewer,
  routed,
  settleRequest,
} from "../../src/testing/ledger-contract/specimens.js";
import { z } from "zod";
import { hurriedClock } from "../support/hurried-clock.js";
import { askAlways, executeAlways } from "../support/payments.js";
import { alteredLedger } from "./signed-gate.js";

const digest = expect.stringMatching(/^sha256:/) as string;

interface Host extends Partial<Omit<AssentOptions, "actions">> {
  ledger: Ledger;
  idempotent?: boolean;
  args?: z.ZodObject;
}

/** The execute node alone, in open trust unless said, with an action whose runs are counted. */
function host({ idempotent = true, args = z.object({ orderId: z.string(), amount: z.number() }), ...options }: Host) {
  const ran: { args: unknown; idempotencyKey: string; proposalId: string }[] = [];
  const clock = hurriedClock();
  const refund = defineAction({
    name: "refund",
    args,
    summary: () => "Refund",
    idempotent,
    run: (args, { idempotencyKey, proposalId }) => void ran.push({ args, idempotencyKey, proposalId }),
  });
  const assent = createAssent({ actions: [refund], policy: executeAlways, trust: "open", clock, ...options });
  const node = executeNode(assent, { name: "gate" });
  const run = (held: Case | string | undefined, threadId = "thread-1"): Promise<GateUpdate> => {
    const current = typeof held === "object" ? held.proposal.id : held;
    const executionInfo = { threadId, taskId: "t", checkpointNs: "gate:t", checkpointId: "c" };
    const state = { proposals: [], outcomes: {}, current } as unknown as GateState;
    return node(state, { executionInfo, configurable: {}, metadata: {} } as never);
  };
  return { assent, run, ran, clock };
}

/** A ledger some of whose calls do something else. */
function changed(ledger: Ledger, change: Partial<Ledger>): Ledger {
  return new Proxy(ledger, {
    get(target, name: keyof Ledger) {
      const member: unknown = change[name] ?? target[name];
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

const auditOf = async (ledger: Ledger): Promise<string[]> =>
  (await ledger.auditRows({ afterSeq: 0, limit: 100 })).map(({ kind }) => kind);
const open = { trust: "open" as const };

describe("what the execute node finds in the ledger decides", () => {
  test("no proposal in hand, one that nobody knows, one of another thread: back to the policy, and nothing else", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger });
    const held = await routed(ledger, "execute", open);
    const before = await auditOf(ledger);
    expect(await run(undefined)).toEqual({ step: "policy" });
    expect(await run("pr_nobody's")).toEqual({ step: "policy" });
    expect(await run(held, "thread-2")).toEqual({ step: "policy" });
    expect(ran).toEqual([]);
    expect(await auditOf(ledger)).toEqual(before);
  });

  test("a case of another thread: whatever stands in its way or not, nothing is run, voided, noted or told of it", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, policy: askAlways });
    const cases = [
      await routed(ledger, "flag", { ...open, key: "no longer permitted" }),
      await asked(ledger, { ...open, key: "waiting" }),
      await executed(ledger, { ...open, key: "closed" }),
    ];
    const before = await auditOf(ledger);
    for (const held of cases) {
      expect(await run(held, "thread-2")).toEqual({ step: "policy" });
      expect(await ledger.read(held.proposal.id)).toEqual(held);
    }
    expect(ran).toEqual([]);
    expect(await auditOf(ledger)).toEqual(before);
  });

  test("an issued permit: it runs once, with the recorded arguments and the permit's id", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger });
    const held = await routed(ledger, "execute", open);
    expect(await run(held)).toEqual({ step: "audit", replayed: false });
    expect(ran).toEqual([{ args: held.round.args, idempotencyKey: held.permit!.id, proposalId: held.proposal.id }]);
    expect(await run(held)).toEqual({ step: "audit", replayed: true });
    expect(ran).toHaveLength(1);
    expect(await ledger.read(held.proposal.id)).toMatchObject({
      outcome: { status: "executed", result: null, flagged: false, decidedBy: null, unverified: false },
      permit: { state: "spent", claims: 1 },
    });
  });

  test("a case that is closed: its end is reported, as one that was there before", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, policy: askAlways });
    const rejected = await decided(ledger, await asked(ledger, { ...open, key: "rejected" }), "reject");
    for (const held of [await executed(ledger, open), rejected]) {
      const before = await auditOf(ledger);
      expect(await run(held)).toEqual({ step: "audit", replayed: true });
      expect(await auditOf(ledger)).toEqual(before);
    }
    expect(ran).toEqual([]);
  });

  test("an approval in open trust: it runs, signed or not", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, policy: askAlways });
    const held = await decided(ledger, await asked(ledger, open), "approve", { by: reviewer("bo", "unverified") });
    expect(await run(held)).toEqual({ step: "audit", replayed: false });
    expect(ran).toHaveLength(1);
    expect((await ledger.read(held.proposal.id))?.outcome).toMatchObject({ decidedBy: "BO", unverified: true });
  });

  test.each(["open", "verified"] as const)(
    "an approval by a key that nobody trusts, of a proposal in verified trust (host: %s): refused",
    async (trust) => {
      const ledger = memoryLedger();
      const { run, ran } = host({ ledger, policy: askAlways, trust });
      const held = await decided(ledger, await asked(ledger), "approve");
      expect(await run(held)).toEqual({ step: "policy" });
      expect(ran).toEqual([]);
      expect(await ledger.read(held.proposal.id)).toMatchObject({ round: { round: 2, routing: null }, permit: null });
    },
  );

  test("an approval of a proposal in open trust, on a verified host: refused", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, policy: askAlways, trust: "verified" });
    expect(await run(await decided(ledger, await asked(ledger, open), "approve"))).toEqual({ step: "policy" });
    expect(ran).toEqual([]);
  });

  test("a review that waits, and no permit: noted, and back to the review", async () => {
    const ledger = memoryLedger();
    const { run, ran, clock } = host({ ledger });
    const held = await asked(ledger, open);
    expect(await run(held)).toEqual({ step: "review" });
    expect(ran).toEqual([]);
    const last = (await ledger.auditRows({ afterSeq: 0, limit: 100 })).at(-1)!;
    expect(JSON.parse(last.entry)).toMatchObject({
      kind: "refused",
      at: clock.now().toISOString(),
      data: { what: "claim", reason: "there is no permit", by: null },
    });
    expect((await ledger.read(held.proposal.id))!.round.round).toBe(1);
  });

  test("a permit that the policy gave and gives no longer: void with the reason, and routed as the policy now says", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, policy: askAlways });
    const held = await routed(ledger, "flag", open);
    expect(await run(held)).toEqual({ step: "policy" });
    expect(ran).toEqual([]);
    const [refused, routing] = (await ledger.auditRows({ afterSeq: 0, limit: 100 })).slice(-2);
    expect([refused!.kind, routing!.kind]).toEqual(["refused", "routed"]);
    expect(refused!.entry).toMatch(/the policy now says otherwise: .*review/i);
    expect((await ledger.read(held.proposal.id))!.round).toMatchObject({ round: 2, routing: { route: "review" } });
  });

  test("a permit that is void: no effect; another round, and back to the policy, also where it once let it run", async () => {
    const ledger = alteredLedger(memoryLedger(), ({ permit }) => {
      if (permit !== null) permit.state = "void";
    });
    const { run, ran } = host({ ledger });
    for (const held of [
      await routed(ledger, "execute", open),
      await decided(ledger, await asked(ledger, { ...open, key: "b" }), "approve"),
    ]) {
      expect(await run(held)).toEqual({ step: "policy" });
      expect(await ledger.read(held.proposal.id)).toMatchObject({ round: { round: 2, routing: null }, permit: null });
    }
    expect(ran).toEqual([]);
  });

  test("a routing that lets it run, without a permit: noted, and on to a person", async () => {
    const ledger = alteredLedger(memoryLedger(), (held) => {
      held.permit = null;
    });
    const { run, ran } = host({ ledger });
    expect(await run(await routed(ledger, "execute", open))).toEqual({ step: "review" });
    expect(ran).toEqual([]);
  });

  test("a permit that is spent, in a case that is open: told, and nothing runs", async () => {
    const ledger = alteredLedger(memoryLedger(), ({ permit }) => {
      if (permit !== null) permit.state = "spent";
    });
    const { run, ran } = host({ ledger });
    const held = await routed(ledger, "execute", open);
    await expect(run(held)).rejects.toMatchObject({
      code: "permit_mismatch",
      message: expect.stringContaining("nothing says how that ended"),
      where: `proposal ${held.proposal.id}, round 1`,
    });
    expect(ran).toEqual([]);
  });

  test("a flagged route: it runs, and the outcome says so", async () => {
    const ledger = memoryLedger();
    const { run } = host({ ledger });
    const held = await routed(ledger, "flag", open);
    await run(held);
    expect((await ledger.read(held.proposal.id))?.outcome).toMatchObject({ flagged: true });
  });
});

describe("arguments that are not those that were recorded", () => {
  test("because the schema makes others of them: told with all digests", async () => {
    const ledger = memoryLedger();
    const { run, ran } = host({ ledger, args: z.object({ orderId: z.string() }) });
    const held = await routed(ledger, "execute", open);
    const error: unknown = await run(held).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "permit_mismatch",
      message: expect.stringContaining('the action "refund" would run with are not those that were recorded'),
      where: `proposal ${held.proposal.id}, round 1`,
      seen: { running: digest, recorded: held.round.argsDigest, permitted: held.round.argsDigest },
      fix: expect.stringContaining("the ledger's rows were altered"),
    });
    expect(ran).toEqual([]);
  });

  test("before there is a permit at all", async () => {
    const ledger = memoryLedger();
    const { run } = host({ ledger, args: z.object({ orderId: z.string() }) });
    await expect(run(await asked(ledger, open))).rejects.toMatchObject({
      code: "permit_mismatch",
      seen: { permitted: null },
    });
  });

  test("because the permit is for others", async () => {
    const ledger = alteredLedger(memoryLedger(), ({ permit }) => {
      if (permit !== null) permit.argsDigest = `sha256:${"0".repeat(64)}`;
    });
    const { run, ran } = host({ ledger });
    await expect(run(await routed(ledger, "execute", open))).rejects.toMatchObject({
      code: "permit_mismatch",
      seen: { permitted: `sha256:${"0".repeat(64)}` },
    });
    expect(ran).toEqual([]);
  });
});

describe("what a claim asks for", () => {
  test.each([true, false])("the recorded case on the run's own thread (idempotent: %s)", async (idempotent) => {
    const store = memoryLedger();
    const requests: ClaimRequest[] = [];
    const ledger = changed(store, {
      claim: (request) => {
        requests.push(request);
        return store.claim(request);
      },
    });
    const { run, clock } = host({ ledger, idempotent, leaseMs: 7_000 });
    const at = clock.now().toISOString();
    const held = await routed(ledger, "execute", open);
    await run(held);
    expect(requests).toEqual([
      {
        proposalId: held.proposal.id,
        threadId: "thread-1",
        round: 1,
        argsDigest: held.round.argsDigest,
        owner: expect.stringMatching(/:[0-9a-f-]{36}$/),
        leaseMs: 7_000,
        at,
        takeover: idempotent,
      },
    ]);
  });
});

describe("a claim that is not given", () => {
  const strange: [string, (held: Case) => Case | null, GateUpdate][] = [
    ["for a case that has gone", () => null, { step: "policy" }],
    ["for a case without a permit", (held) => ({ ...held, permit: null }), { step: "policy" }],
    [
      "because the case is in another round",
      (held) => ({ ...held, round: { ...held.round, round: 2 } }),
      { step: "policy" },
    ],
    [
      "because the case was closed meanwhile",
      (held) => ({ ...held, proposal: { ...held.proposal, state: "closed" } }),
      { step: "audit", replayed: true },
    ],
    [
      "because the permit was made void meanwhile",
      (held) => ({ ...held, permit: { ...held.permit!, state: "void" } }),
      { step: "policy" },
    ],
  ];

  test.each(strange)("%s: no effect", async (_, now, update) => {
    const store = memoryLedger();
    const held = await routed(store, "execute", open);
    const ledger = changed(store, { claim: async () => ({ claimed: false, lapsed: false, case: now(held) }) });
    const { run, ran, clock } = host({ ledger });
    expect(await run(held)).toEqual(update);
    expect(ran).toEqual([]);
    expect(clock.slept).toEqual([]);
  });

  test.each(strange.filter(([, , { step }]) => step === "audit" || step === "policy").slice(0, 4))(
    "%s: no effect, though the ledger says that it was given",
    async (_, now, update) => {
      const store = memoryLedger();
      const held = await routed(store, "execute", open);
      const ledger = changed(store, { claim: async () => ({ claimed: true, lapsed: false, case: now(held) }) });
      const { run, ran } = host({ ledger });
      expect(await run(held)).toEqual(update);
      expect(ran).toEqual([]);
    },
  );

  test.each<[string, (held: Case) => void]>([
    ["the arguments", ({ round }) => (round.args = { orderId: "o-9", amount: 1 })],
    ["what was shown", ({ round }) => (round.display.summary = "Nothing")],
    ["the routing", ({ round }) => (round.routing!.route = "flag")],
    ["the decisions", (held) => void (held.decisions = [])],
    ["who decided", ({ decisions }) => (decisions[0]!.by.name = "Mallory")],
  ])("because %s were exchanged since the check: told, and nothing runs", async (_, alter) => {
    const store = memoryLedger();
    const ledger = alteredLedger(store, (held, call) => (call === "claim" ? alter(held) : undefined));
    const { run, ran } = host({ ledger, policy: askAlways });
    const held = await decided(store, await asked(store, open), "approve");
    await expect(run(held)).rejects.toMatchObject({
      code: "permit_mismatch",
      where: `proposal ${held.proposal.id}, round 1`,
      fix: expect.stringContaining("checked anew"),
    });
    expect(ran).toEqual([]);
  });

  test("because somebody holds it who finishes: waits, and reports that outcome as one that was there", async () => {
    const store = memoryLedger();
    const held = await claimed(store, await routed(store, "execute", open), "another:1");
    let asks = 0;
    const ledger = changed(store, {
      async claim(request): Promise<ClaimResult> {
        asks += 1;
        if (asks === 3) {
          await store.settle(settleRequest(held, "another:1"));
        }
        return store.claim(request);
      },
    });
    const { run, ran, clock } = host({ ledger });
    expect(await run(held)).toEqual({ step: "audit", replayed: true });
    expect({ asks, slept: clock.slept }).toEqual({ asks: 3, slept: [20, 40] });
    expect(ran).toEqual([]);
  });
});

describe("what cannot be taken over", () => {
  test("a lapsed claim of an action that may not be repeated: in doubt, as this run's own word", async () => {
    const store = memoryLedger();
    const held = await claimed(store, await routed(store, "execute", open), "dead:1");
    const settled: SettleRequest[] = [];
    const lapsed = changed(store, {
      claim: async () => ({ claimed: false, lapsed: true, case: held }),
      settle: async (request) => {
        settled.push(request);
        return { ...held, proposal: { ...held.proposal, state: "closed" } };
      },
    });
    const { run, ran, clock } = host({ ledger: lapsed, idempotent: false });
    const at = clock.now().toISOString();
    expect(await run(held)).toEqual({ step: "audit", replayed: false });
    expect(settled).toMatchObject([
      { proposalId: held.proposal.id, round: 1, owner: null, at, outcome: { status: "in-doubt", at } },
    ]);
    expect(ran).toEqual([]);
  });

  test("a claim that holds is never put in doubt", async () => {
    const store = memoryLedger();
    const held = await claimed(store, await routed(store, "execute", open), "alive:1");
    let settles = 0;
    const ledger = changed(store, {
      settle: (request) => {
        settles += 1;
        return store.settle(request);
      },
    });
    const { run, ran } = host({ ledger, idempotent: false, leaseMs: 1_000 });
    await expect(run(held)).rejects.toMatchObject({ code: "claim_held", seen: { owner: "alive:1" } });
    expect({ settles, ran }).toEqual({ settles: 0, ran: [] });
  });
});

describe("a ledger that is away for a moment", () => {
  const away = (): AssentError => new AssentError("ledger_unavailable", { what: "away" });

  test.each(["claim", "settle"] as const)(
    "%s is tried five times within a second, then the error is told",
    async (name) => {
      for (const failures of [1, 4, 5]) {
        const store = memoryLedger();
        let tried = 0;
        const original = store[name].bind(store) as (request: never) => Promise<never>;
        const ledger = changed(store, {
          [name]: (request: never) => {
            tried += 1;
            return tried <= failures ? Promise.reject(away()) : original(request);
          },
        });
        const { run, ran, clock } = host({ ledger, leaseMs: 600_000 });
        const held = await routed(ledger, "execute", open);
        const result: unknown = await run(held).catch((error: unknown) => error);
        const waits = clock.slept.filter((ms) => ms < 1_000);
        if (failures === 5) {
          expect(result).toMatchObject({ code: "ledger_unavailable" });
          expect({ tried, waits }).toEqual({ tried: 5, waits: [50, 100, 200, 400] });
          expect(ran).toHaveLength(name === "claim" ? 0 : 1);
        } else {
          expect(result).toEqual({ step: "audit", replayed: false });
          expect(waits).toEqual([50, 100, 200, 400].slice(0, failures));
          expect(ran).toHaveLength(1);
        }
      }
    },
  );

  test.each([
    ["an error that will not pass", new AssentError("ledger_outdated", { what: "old" })],
    ["an error that is not ours", new Error("a mistake")],
  ])("%s is told at once", async (_, error) => {
    const store = memoryLedger();
    let tried = 0;
    const ledger = changed(store, {
      claim: () => {
        tried += 1;
        return Promise.reject(error);
      },
    });
    const { run, ran, clock } = host({ ledger });
    await expect(run(await routed(ledger, "execute", open))).rejects.toBe(error);
    expect({ tried, slept: clock.slept, ran }).toEqual({ tried: 1, slept: [], ran: [] });
  });
});

describe("an outcome that the ledger does not take", () => {
  test("because another took the action over meanwhile: waits for that one's", async () => {
    const store = memoryLedger();
    const held = await routed(store, "execute", open);
    let settles = 0;
    const ledger = changed(store, {
      async settle(request) {
        settles += 1;
        if (settles > 1) return store.settle(request);
        // The lease ran out while it ran, and somebody else holds the claim now.
        const now = (await store.read(request.proposalId))!;
        return { ...now, permit: { ...now.permit!, owner: "another:1" } };
      },
      async claim(request): Promise<ClaimResult> {
        if (settles === 0) return store.claim(request);
        const { owner } = (await store.read(request.proposalId))!.permit!;
        await store.settle(settleRequest(held, owner));
        return { claimed: false, lapsed: false, case: await store.read(request.proposalId) };
      },
    });
    const { run, ran } = host({ ledger });
    expect(await run(held)).toEqual({ step: "audit", replayed: true });
    expect(ran).toHaveLength(1);
    expect((await store.read(held.proposal.id))?.outcome).toMatchObject({ at: moment(40) });
  });
});

describe("a claim that is asked for again", () => {
  test("by the same attempt is the same claim, and nothing is claimed twice", async () => {
    const store = memoryLedger();
    const held = await routed(store, "execute", open);
    const first = await store.claim(claimRequest(held, "me:1"));
    const again = await store.claim(claimRequest(held, "me:1"));
    expect(first).toMatchObject({ claimed: true, case: { permit: { claims: 1 } } });
    expect(again).toEqual(first);
    for (const over of [{ round: 2 }, { argsDigest: "sha256:other" }, { threadId: "thread-2" }, { owner: "me:2" }]) {
      expect(await store.claim({ ...claimRequest(held, "me:1"), ...over })).toMatchObject({ claimed: false });
    }
  });
});
