import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createAssent,
  defineAction,
  memoryLedger,
  policy,
  type AssentOptions,
  type Policy,
  type Principal,
} from "assent";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";
import { approvalGate, addGate, AssentState } from "assent";
import { START, StateGraph } from "@langchain/langgraph";
import { askAlways, auditKinds, executeAlways, gated, payments, type PayArgs } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();

/** A second host of the same graph: same ledger, same checkpoints, its own settings. */
function secondHost(first: ReturnType<typeof gated>, over: Partial<AssentOptions>) {
  const { assent, pay, checkpointer, thread } = first;
  const second = createAssent({
    actions: [pay],
    policy: assent.policy,
    ledger: assent.ledger,
    trust: assent.trust,
    clock: assent.clock,
    authenticators: [people],
    ...over,
  });
  const { built } = gated({ on: { assent: second, pay } });
  return { assent: second, thread: new Thread(built.compile({ checkpointer }), thread.id) };
}

/** Runs a thread of `trial` up to the point where its permit is there and nothing has run yet. */
async function upToExecute(trial: ReturnType<typeof gated>, answer?: unknown): Promise<Thread> {
  const paused = new Thread(
    // Pausing before the inner node leaves the thread exactly where a crash before `execute` would.
    trial.built.compile({ checkpointer: trial.checkpointer }),
    trial.thread.id,
  );
  const ledger = trial.assent.ledger;
  const claim = ledger.claim.bind(ledger);
  ledger.claim = () => Promise.reject(new Error("the process died before it claimed"));
  const run = answer === undefined ? paused.start() : paused.answer(answer);
  await expect(run).rejects.toThrow(/died before it claimed/);
  ledger.claim = claim;
  return paused;
}

describe("open and verified hosts on one ledger", () => {
  test("a decision taken in open trust does not run on a verified host: a person is asked anew", async () => {
    const open = gated();
    await open.thread.start();
    const first = await open.thread.asked();
    await upToExecute(open, { type: "approve", as: "ceo" });
    const verified = secondHost(open, { trust: "verified" });
    await verified.thread.goOn();
    expect(open.made).toEqual([]);
    const again = await verified.thread.asked();
    expect(again).toMatchObject({ trust: "verified", round: 2, proposal: first.proposal });
    expect(again.review).not.toBe(first.review);
    await verified.thread.answer("approve");
    expect(open.made).toEqual([]);
    const { digest } = (await verified.assent.reviews.get(again.review)).review;
    const by = await people.authenticate({ id: "ana" });
    await verified.assent.reviews.decide(again.review, { by, decision: "approve", digest });
    await verified.thread.answer("go on");
    expect(open.made).toHaveLength(1);
    // Somebody's unauthenticated word is part of this case for ever.
    expect(await verified.thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana", unverified: true });
    expect(await auditKinds(open.assent)).toContain("refused");
  });

  test("a proposal made under verified trust is not decided by an answer on an open host", async () => {
    const verified = gated({ trust: "verified" });
    await verified.thread.start();
    const open = secondHost(verified, { trust: "open" });
    for (const answer of ["approve", { type: "approve", as: "ceo" }, "reject"]) {
      await open.thread.answer(answer);
      expect((await open.thread.asked()).trust).toBe("verified");
    }
    expect(verified.made).toEqual([]);
    const { items } = await verified.assent.reviews.list();
    expect(items[0]?.case.decisions).toEqual([]);
  });

  test("a verified host decides and runs what an open host proposed", async () => {
    const open = gated();
    await open.thread.start();
    const verified = secondHost(open, { trust: "verified" });
    await verified.thread.answer("approve");
    expect(open.made).toEqual([]);
    const { review } = await verified.thread.asked();
    const { digest } = (await verified.assent.reviews.get(review)).review;
    const by = await people.authenticate({ id: "ana" });
    await verified.assent.reviews.decide(review, { by, decision: "approve", digest });
    await verified.thread.answer("go on");
    expect(open.made).toHaveLength(1);
    expect(await verified.thread.outcome()).toMatchObject({ decidedBy: "ana", unverified: false });
  });
});

describe("a policy that changed between routing and running", () => {
  async function changed(to: Policy) {
    const first = gated({ policy: executeAlways });
    await upToExecute(first);
    const second = secondHost(first, { policy: to });
    await second.thread.goOn();
    return { ...second, made: first.made };
  }

  test("to review: no effect, a person is asked, and the old permit is void", async () => {
    const { thread, made, assent } = await changed(askAlways);
    expect(made).toEqual([]);
    const { proposal, round } = await thread.asked();
    expect(round).toBe(2);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    const held = await assent.ledger.read(proposal);
    expect(held?.permit).toMatchObject({ round: 2, basis: "decisions", state: "spent" });
    expect(held?.permit?.id).toBe(made[0]?.idempotencyKey);
    const log = (await auditKinds(assent)).join(" ");
    expect(log).toBe("proposed routed permitted refused routed asked decided permitted claimed executed");
  });

  test("to block: no effect, and the case ends blocked", async () => {
    const { thread, made } = await changed(policy({ default: { route: "block" } }));
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "blocked" });
  });

  test("to another policy that still lets it through: it runs", async () => {
    const { thread, made } = await changed(policy({ version: 2, default: { route: "flag" } }));
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });
});

describe("an action that changed between proposing and running", () => {
  async function changedTo(over: Partial<{ args: z.ZodObject; name: string }>) {
    const ran: unknown[] = [];
    const first = gated();
    await first.thread.start();
    const action = defineAction({
      name: over.name ?? "pay",
      args: over.args ?? z.object({ to: z.string(), cents: z.int() }),
      summary: () => "Pay",
      idempotent: true,
      run: (args) => {
        ran.push(args);
      },
    });
    const assent = createAssent({ ...first.assent, followUps: {}, actions: [action] });
    const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
    const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
    const second = new Thread(graph.compile({ checkpointer: first.checkpointer }), first.thread.id);
    return { ran, first, second };
  }

  test.each([
    [
      "adds a default",
      z.object({ to: z.string(), cents: z.int(), fast: z.boolean().default(true) }),
      "permit_mismatch",
    ],
    ["drops a field", z.object({ to: z.string() }), "permit_mismatch"],
    ["wants another type", z.object({ to: z.number(), cents: z.int() }), "args_invalid"],
    ["wants more", z.object({ to: z.string(), cents: z.int(), why: z.string() }), "args_invalid"],
  ])(
    "its schema %s: a typed error, no effect, and the thread goes on once the old action is back",
    async (_, args, code) => {
      const { ran, first, second } = await changedTo({ args });
      await expect(second.answer("approve")).rejects.toMatchObject({ code });
      await expect(second.goOn()).rejects.toMatchObject({ code });
      expect(ran).toEqual([]);
      await first.thread.goOn();
      expect(first.made.map(({ args }): PayArgs => args)).toEqual([{ to: "bo", cents: 500 }]);
      expect(await first.thread.outcome()).toMatchObject({ status: "executed" });
    },
  );

  test("it is gone: a typed error that says so, and the thread stays where it is", async () => {
    const { ran, first, second } = await changedTo({ name: "other" });
    await expect(second.answer("approve")).rejects.toMatchObject({ code: "action_unknown" });
    expect(ran).toEqual([]);
    await first.thread.answer("approve");
    expect(first.made).toHaveLength(1);
  });
});

describe("the set-up of a host", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const { pay } = payments();
  const options: AssentOptions = { actions: [pay], ledger: memoryLedger(), policy: askAlways };

  test("ASSENT_TRUST opens a host that says nothing itself", () => {
    vi.stubEnv("ASSENT_TRUST", "open");
    expect(createAssent(options).trust).toBe("open");
    vi.stubEnv("ASSENT_TRUST", "");
    expect(createAssent(options).trust).toBe("verified");
  });

  test("ASSENT_TRUST never overrides what the program says", async () => {
    vi.stubEnv("ASSENT_TRUST", "open");
    expect(createAssent({ ...options, trust: "verified" }).trust).toBe("verified");
    vi.stubEnv("ASSENT_TRUST", "verified");
    expect(createAssent({ ...options, trust: "open" }).trust).toBe("open");
    vi.stubEnv("ASSENT_TRUST", "open");
    const trial = gated({ trust: "verified" });
    await trial.thread.start();
    await trial.thread.answer("approve");
    expect(trial.made).toEqual([]);
  });

  test.each(["Open", "opne", "true", "verified "])("ASSENT_TRUST=%s: refused at start, not guessed", (value) => {
    vi.stubEnv("ASSENT_TRUST", value);
    expect(() => createAssent(options)).toThrow(/ASSENT_TRUST/);
  });

  test.each(["Open", "opne", "", null, 1, {}])("trust: %o is refused at start, and never taken for open", (trust) => {
    expect(() => createAssent({ ...options, trust: trust as "open" })).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });

  test("a memory ledger is refused under a LangGraph server", () => {
    vi.stubEnv("LANGGRAPH_API_URL", "http://localhost:2024");
    expect(() => createAssent(options)).toThrow(expect.objectContaining({ code: "ledger_volatile" }));
  });

  test.each([0, 99, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1])("a lease of %d ms is refused", (leaseMs) => {
    expect(() => createAssent({ ...options, leaseMs })).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  test("two actions of one name are refused", () => {
    expect(() => createAssent({ ...options, actions: [pay, payments().pay] })).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });

  test("a principal cannot be written by hand", () => {
    const by: Principal = {
      kind: "person",
      id: "ana",
      name: "Ana",
      roles: ["manager"],
      authenticator: "local-user",
      level: "system",
    };
    const assent = createAssent(options);
    return expect(assent.reviews.decide("rv_1", { by, decision: "approve", digest: "x" })).rejects.toMatchObject({
      code: "principal_unverified",
    });
  });
});
