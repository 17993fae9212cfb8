import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  appeal,
  approvalGate,
  authority,
  createAssent,
  defineAction,
  memoryLedger,
  policy,
  type Appealed,
  type AppealOptions,
  type Authority,
  type Ledger,
  type Policy,
} from "assent";
import { renderCase, showCase } from "assent/audit";
import { testAuthenticator, testKeys } from "assent/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { failingLedger } from "../support/failing-ledger.js";
import { askAlways, executeAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
const board = { roles: ["appeals-board"] };

interface Options {
  policy?: Policy;
  trust?: "open" | "verified";
  ledger?: Ledger;
  withUndo?: boolean;
  authority?: Authority;
  gate?: Partial<AppealOptions<Record<string, never>>>;
}

/** A graph that suspends accounts, another one in which people appeal, and what really happened to accounts. */
function moderation({
  policy = executeAlways,
  trust = "open",
  ledger = memoryLedger(),
  withUndo = true,
  authority,
  gate,
}: Options = {}) {
  const done: string[] = [];
  const keys: string[] = [];
  const suspend = defineAction({
    name: "suspend",
    args: z.object({ account: z.string() }),
    summary: ({ account }) => `Suspend ${account}`,
    idempotent: true,
    run({ account }): unknown {
      done.push(`suspend ${account}`);
      return { since: "today" };
    },
    ...(withUndo && {
      undo({ account }: { account: string }, result: unknown, { idempotencyKey }: { idempotencyKey: string }) {
        done.push(`restore ${account} ${JSON.stringify(result)}`);
        keys.push(idempotencyKey);
      },
    }),
  });
  const other = defineAction({
    name: "warn",
    args: z.object({ account: z.string() }),
    summary: ({ account }) => `Warn ${account}`,
    idempotent: true,
    run: (): unknown => null,
  });
  const assent = createAssent({
    actions: [suspend, other],
    ledger,
    policy,
    trust,
    authenticators: [people],
    ...(authority !== undefined && { authority }),
    ...(trust === "verified" && { keys: testKeys() }),
  });
  const Acting = AssentState.extend({ account: z.string(), warns: z.boolean().optional() });
  const acting = addGate(
    new StateGraph(Acting).addNode("agent", ({ account, warns }) =>
      assent.propose(warns ? other : suspend, { account }),
    ),
    "gate",
    approvalGate(assent),
  )
    .addEdge(START, "agent")
    .addEdge("agent", "gate")
    .compile({ checkpointer: new MemorySaver() });
  const Appeal = AssentState.extend({ appealed: z.any(), ended: z.string().optional() });
  const gateOf = appeal(assent, {
    action: suspend,
    by: [{ role: "appeals-board" }],
    appeals: (state: z.infer<typeof Appeal>) => state.appealed as Appealed | null,
    into: ({ status, replayed }) => ({ ended: `${status}${replayed ? " before" : ""}` }),
    ...(gate as object),
  });
  const appealing = addGate(new StateGraph(Appeal), "board", gateOf)
    .addEdge(START, "board")
    .compile({ checkpointer: new MemorySaver() });
  return { assent, done, keys, acting: () => new Thread(acting), appealing: () => new Thread(appealing) };
}

/** An account that was suspended without anybody, and its owner's appeal. */
async function appealed(options: Options = {}) {
  const desk = moderation(options);
  const first = desk.acting();
  const { proposals } = await first.start({ account: "kim" });
  const [proposal] = proposals as string[];
  const thread = desk.appealing();
  const input = { appealed: { proposal, by: "kim", grounds: "I was on holiday." } };
  return { ...desk, first, proposal: proposal!, thread, input };
}

describe("an appeal", () => {
  test("asks a person about what has already happened, with both sides' words", async () => {
    const { thread, input, proposal, done } = await appealed();
    await thread.start(input);
    expect(await thread.asked()).toMatchObject({
      kind: "appeal",
      summary: "Take back: Suspend kim",
      by: ["role appeals-board"],
      args: { proposal },
      context: { appealedBy: "kim", grounds: "I was on holiday.", old: { args: { account: "kim" }, decidedBy: [] } },
    });
    expect(done).toEqual(["suspend kim"]);
  });

  test("that is granted takes the effect back, once, under a key that is the old permit's", async () => {
    const { thread, input, proposal, done, keys, assent } = await appealed();
    await thread.start(input);
    await thread.answer({ type: "approve", as: "bo", ...board });
    expect(done).toEqual(["suspend kim", 'restore kim {"since":"today"}']);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "bo", result: { undone: true } });
    expect(keys).toEqual([`undo:${(await assent.ledger.read(proposal))!.permit!.id}`]);
    expect((await assent.ledger.read(proposal))!.outcome).toMatchObject({ status: "executed", decidedBy: null });
  });

  test("that is refused lets it stand", async () => {
    const { thread, input, done } = await appealed();
    await thread.start(input);
    await thread.answer({ type: "reject", as: "bo", ...board, note: "the rule is clear" });
    expect(done).toEqual(["suspend kim"]);
    expect((await thread.state()).values).toMatchObject({ ended: "rejected" });
  });

  test("may be granted where nothing can be taken back, and says so", async () => {
    const { thread, input, done } = await appealed({ withUndo: false });
    await thread.start(input);
    expect((await thread.asked()).summary).toBe("Grant the appeal against: Suspend kim");
    await thread.answer({ type: "approve", as: "bo", ...board });
    expect(done).toEqual(["suspend kim"]);
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: { undone: false } });
  });

  test("takes nothing but yes and no", async () => {
    const { thread, input } = await appealed();
    await thread.start(input);
    await thread.answer({ type: "modify", args: {}, as: "bo", ...board });
    expect((await thread.asked()).reason).toMatch(/approve, reject/);
  });

  test("is not there where nobody appeals", async () => {
    const { thread, done } = await appealed();
    await thread.start({ appealed: null });
    expect(await thread.finished()).toBe(true);
    expect(done).toEqual(["suspend kim"]);
  });

  test("goes to a person even where the policy lets everything run", async () => {
    const { thread, input } = await appealed({ policy: policy({ default: { route: "execute" } }) });
    await thread.start(input);
    expect((await thread.asked()).kind).toBe("appeal");
  });
});

describe("who had a part in it", () => {
  test.each(["approve", "reject"])("cannot %s: who decided on the old case, nor who appeals", async (type) => {
    const { thread, input, first, done } = await appealed({ policy: askAlways });
    await first.answer({ type: "approve", as: "ana" });
    await thread.start(input);
    for (const as of ["ana", "kim"]) {
      await thread.answer({ type, as, ...board });
      expect((await thread.asked()).reason).toMatch(/had a part in what this is about/);
    }
    expect(done).toEqual(["suspend kim"]);
    await thread.answer({ type: "approve", as: "bo", ...board });
    expect(done).toHaveLength(2);
  });

  test("is refused in verified trust when they decide", async () => {
    const { thread, input, first, done, assent } = await appealed({ policy: askAlways, trust: "verified" });
    const ana = await people.authenticate({ id: "ana", ...board });
    const old = await first.asked();
    await assent.reviews.decide(old.review, { by: ana, decision: "approve", digest: old.digest });
    await first.answer("go on");
    await thread.start(input);
    const { review, digest } = await thread.asked();
    await expect(assent.reviews.decide(review, { by: ana, decision: "approve", digest })).rejects.toMatchObject({
      code: "not_allowed",
      seen: { notBy: ["ana", "kim"] },
    });
    await thread.answer("go on");
    expect(done).toEqual(["suspend kim"]);
    const bo = await people.authenticate({ id: "bo", ...board });
    await assent.reviews.decide(review, { by: bo, decision: "approve", digest });
    await thread.answer("go on");
    expect(done).toHaveLength(2);
  });

  test.each(["open", "verified"] as const)(
    "moves nothing in %s trust with a decision that a ledger let through",
    async (trust) => {
      const { thread, input, first, done, assent } = await appealed({
        policy: askAlways,
        trust,
        ledger: forgetfulOfExclusion(memoryLedger()),
        // Only the exclusion keeps who appeals from it.
        authority: authority({ segregation: { requester: false } }),
      });
      const decide = async (id: string, on: Thread) => {
        const { review, digest } = await on.asked();
        const by = await people.authenticate({ id, ...board });
        await assent.reviews.decide(review, { by, decision: "approve", digest });
        await on.answer("go on");
      };
      await decide("ana", first);
      await thread.start(input);
      for (const id of ["ana", "kim"]) await decide(id, thread);
      expect(done).toEqual(["suspend kim"]);
      await decide("bo", thread);
      expect(done).toHaveLength(2);
    },
  );
});

/** A ledger that records a routing without those whom it excludes, as if its rows had been altered. */
function forgetfulOfExclusion(ledger: Ledger): Ledger {
  return new Proxy(ledger, {
    get(target, name: keyof Ledger) {
      const member: unknown = target[name];
      if (typeof member !== "function") return member;
      if (name !== "route") return member.bind(target) as unknown;
      return async (request: Parameters<Ledger["route"]>[0]) => {
        const { requires, ...routing } = request.routing;
        if (requires === undefined) return target.route(request);
        const { excludes: _, ...others } = requires;
        return target.route({ ...request, routing: { ...routing, requires: others } });
      };
    },
  });
}

describe("one case", () => {
  test("is appealed against once: another thread waits for that, and goes on with how it ended", async () => {
    const { thread, input, appealing, done } = await appealed();
    await thread.start(input);
    const second = appealing();
    await expect(second.start(input)).rejects.toMatchObject({
      code: "proposal_conflict",
      where: `thread ${thread.id}`,
    });
    await thread.answer({ type: "approve", as: "bo", ...board });
    await second.goOn();
    expect((await second.state()).values).toMatchObject({ ended: "executed before" });
    await appealing().start(input);
    await thread.start(input);
    expect(done).toHaveLength(2);
  });

  test("that 8 threads appeal against at once is taken back once", async () => {
    const { input, appealing, done } = await appealed();
    const threads = Array.from({ length: 8 }, () => appealing());
    const started = await Promise.allSettled(threads.map((thread) => thread.start(input)));
    expect(started.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const asked = threads[started.findIndex(({ status }) => status === "fulfilled")]!;
    await asked.answer({ type: "approve", as: "bo", ...board });
    for (const thread of threads) await thread.goOn().catch(() => undefined);
    expect(done).toHaveLength(2);
  });
});

describe("the old case's report", () => {
  test("names its appeal, and how that ended", async () => {
    const { thread, input, proposal, assent } = await appealed();
    const before = await showCase(assent.ledger, proposal);
    expect(before.appeal).toBeNull();
    expect(renderCase(before)).not.toContain("Appeal");
    await thread.start(input);
    const { proposal: own } = await thread.asked();
    expect((await showCase(assent.ledger, proposal)).appeal).toMatchObject({ proposalId: own, status: "open" });
    await thread.answer({ type: "approve", as: "bo", ...board });
    const after = await showCase(assent.ledger, proposal);
    expect(after).toMatchObject({ appeal: { status: "executed" }, integrity: "matches" });
    expect(renderCase(after)).toContain(`  Appeal      executed, proposal ${own}`);
  });
});

describe("what cannot be appealed against", () => {
  test("is a case that was not executed, of another action, or that is unknown", async () => {
    const { acting, appealing, first, input } = await appealed({ policy: askAlways });
    await expect(appealing().start(input)).rejects.toMatchObject({ code: "args_invalid", seen: { status: "open" } });
    await first.answer({ type: "reject", as: "ana" });
    await expect(appealing().start(input)).rejects.toMatchObject({
      code: "args_invalid",
      seen: { status: "rejected" },
    });
    const warned = acting();
    const { proposals } = await warned.start({ account: "kim", warns: true });
    await warned.answer({ type: "approve", as: "ana" });
    const about = (proposal: unknown) => ({ appealed: { proposal, by: "kim", grounds: "" } });
    await expect(appealing().start(about((proposals as string[])[0]))).rejects.toMatchObject({
      seen: { action: "warn" },
    });
    await expect(appealing().start(about("pr_nothing"))).rejects.toMatchObject({ code: "proposal_unknown" });
  });

  test.each([{ proposal: 7 }, "p", { proposal: "p", by: "", grounds: "" }, { proposal: "p", by: "kim" }])(
    "is %j, and the thread stays",
    async (wrong) => {
      const { thread, input } = await appealed();
      await expect(thread.start({ appealed: wrong })).rejects.toMatchObject({
        code: "args_invalid",
        where: "gate board, appeals",
      });
      await thread.start(input);
      expect((await thread.asked()).kind).toBe("appeal");
    },
  );

  test("a gate that grants by silence, or takes back what cannot be, is refused when it is built", () => {
    const built =
      (gate: Options["gate"], withUndo = true) =>
      () =>
        moderation({ withUndo, ...(gate && { gate }) });
    expect(built({ within: "PT1H", otherwise: "execute" })).toThrow(expect.objectContaining({ code: "gate_invalid" }));
    expect(built({ undo: true }, false)).toThrow(expect.objectContaining({ code: "gate_invalid" }));
    expect(built({ undo: true })).not.toThrow();
  });

  test("old arguments of any size can be appealed against", async () => {
    const desk = moderation();
    const { proposals } = await desk.acting().start({ account: "k".repeat(30_000) });
    const thread = desk.appealing();
    await thread.start({ appealed: { proposal: (proposals as string[])[0], by: "kim", grounds: "?" } });
    expect(await thread.asked()).toMatchObject({ context: { old: { args: expect.stringMatching(/^see case au_/) } } });
    await thread.answer({ type: "approve", as: "bo", ...board });
    expect(desk.done).toHaveLength(2);
  });
});

describe.each(["nothing persisted", "answer lost"] as const)("where a call of the ledger fails, %s", (loss) => {
  test("the appeal can be brought to its end, with one effect", async () => {
    const whole = failingLedger(memoryLedger(), Number.POSITIVE_INFINITY, loss);
    const { thread, input } = await appealed({ ledger: whole });
    const before = whole.calls.length;
    await thread.start(input);
    await thread.answer({ type: "approve", as: "bo", ...board });
    for (let nth = before + 1; nth <= whole.calls.length; nth += 1) {
      const cut = await appealed({ ledger: failingLedger(memoryLedger(), nth, loss) });
      await cut.thread.start(cut.input).catch(() => cut.thread.goOn());
      await cut.thread.answer({ type: "approve", as: "bo", ...board }).catch(() => cut.thread.goOn());
      expect(cut.done).toHaveLength(2);
    }
  });
});
