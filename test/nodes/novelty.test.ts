import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AssentError,
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  memoryLedger,
  noveltyFrom,
  policy,
  type Ledger,
  type NoveltyOptions,
  type Policy,
  type ProposeOptions,
} from "assent";
import { manualClock } from "assent/testing";
import { z } from "zod";
import { Thread } from "../support/thread.js";

/** A person is asked about whatever is more novel than one in three. */
const wary = policy({
  facts: { customer: { type: "string" } },
  rules: [{ id: "new", when: { novelty: { gt: 0.34 } }, route: "review" }],
  default: { route: "execute" },
});

interface SetUp {
  ledger?: Ledger;
  rule?: Policy;
  novelty?: NoveltyOptions;
}

/** An agent that mails customers, and a way to let it do so on threads of their own. */
function mailing({ ledger = memoryLedger(), rule = wary, novelty = { per: "customer" } }: SetUp = {}) {
  const sent: string[] = [];
  const mail = defineAction({
    name: "mail",
    args: z.object({ customer: z.string() }),
    summary: (a) => `Mail ${a.customer}`,
    facts: (a) => (a.customer === "" ? { novelty: 0 } : { customer: a.customer, novelty: 0 }),
    novelty: noveltyFrom(novelty),
    idempotent: true,
    run: ({ customer }) => void sent.push(customer),
  });
  const assent = createAssent({ actions: [mail], ledger, policy: rule, trust: "open" });
  const graphFor = (customer: string, options?: ProposeOptions) =>
    addGate(
      new StateGraph(AssentState).addNode("agent", () => assent.propose(mail, { customer }, options)),
      "gate",
      approvalGate(assent),
    )
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver() });
  const start = async (customer: string, options?: ProposeOptions) => {
    const thread = new Thread(graphFor(customer, options));
    await thread.start();
    return thread;
  };
  const noveltyOf = async (thread: Thread): Promise<number | undefined> => {
    const page = await assent.ledger.cases({ afterId: "", limit: 2, threadId: thread.id });
    return page[0]?.round.facts.novelty;
  };
  return { assent, sent, start, noveltyOf };
}

describe("novelty from the ledger", () => {
  test("is 1 for a first-time counterparty, and falls with each case that was executed", async () => {
    const { sent, start, noveltyOf } = mailing();
    const seen: (number | undefined)[] = [];
    for (const _ of [1, 2, 3]) {
      const thread = await start("ann");
      seen.push(await noveltyOf(thread));
      if (seen.length < 3) await thread.answer("approve");
    }
    expect(seen).toEqual([1, 1 / 2, 1 / 3]);
    expect(sent).toEqual(["ann", "ann", "ann"]);
    expect(await noveltyOf(await start("bob"))).toBe(1);
  });

  test("is 1 / (1 + n) after any n cases, each counterparty's its own", async () => {
    const counterparties = fc.array(fc.constantFrom("ann", "bob", "cy"), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(counterparties, async (customers) => {
        const { start, noveltyOf } = mailing({ rule: policy({ default: { route: "execute" } }) });
        const before = new Map<string, number>();
        for (const customer of customers) {
          const n = before.get(customer) ?? 0;
          expect(await noveltyOf(await start(customer))).toBe(1 / (1 + n));
          before.set(customer, n + 1);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("counts only what was executed: what was rejected, or waits, makes nothing familiar", async () => {
    const { start, noveltyOf } = mailing();
    const [waiting, rejected] = [await start("ann"), await start("ann")];
    await rejected.answer({ type: "reject", message: "no" });
    expect(await noveltyOf(await start("ann"))).toBe(1);
    await waiting.answer("approve");
    expect(await noveltyOf(await start("ann"))).toBe(1 / 2);
  });

  test("wins over what the agent claims and what the action derives", async () => {
    const { start, noveltyOf } = mailing();
    expect(await noveltyOf(await start("ann", { novelty: 0 }))).toBe(1);
  });

  test("is as high as can be for a proposal that lacks what makes cases alike", async () => {
    const { start, noveltyOf, sent } = mailing({ rule: policy({ default: { route: "execute" } }) });
    await start("");
    expect(await noveltyOf(await start(""))).toBe(1);
    expect(sent).toEqual(["", ""]);
  });

  test("looks back no further than it is told", async () => {
    const clock = manualClock();
    const ledger = memoryLedger({ clock });
    const { start, noveltyOf } = mailing({ ledger, novelty: { per: ["action", "customer"], over: "P7D" } });
    await (await start("ann")).answer("approve");
    expect(await noveltyOf(await start("ann"))).toBe(1 / 2);
    await clock.advance(7 * 86_400_000);
    expect(await noveltyOf(await start("ann"))).toBe(1);
  });

  test("is recorded: what others do later changes neither it nor the claim", async () => {
    const { sent, start, noveltyOf } = mailing();
    const [first, second] = [await start("ann"), await start("ann")];
    await first.answer("approve");
    await second.answer("approve");
    expect([await noveltyOf(first), await noveltyOf(second), sent.length]).toEqual([1, 1, 2]);
  });

  test("is made anew when a person changes the counterparty", async () => {
    const { start, noveltyOf } = mailing();
    for (const _ of [1, 2]) await (await start("ann")).answer("approve");
    const [toFamiliar, toNew] = [await start("bob"), await start("bob")];
    await toFamiliar.answer({ type: "modify", args: { customer: "ann" } });
    await toNew.answer({ type: "modify", args: { customer: "cy" } });
    expect([await noveltyOf(toFamiliar), await noveltyOf(toNew)]).toEqual([1 / 3, 1]);
  });

  test("that the ledger cannot tell is an error, and nothing is proposed", async () => {
    const ledger = memoryLedger();
    const forgetful = new Proxy(ledger, {
      get(target, key: keyof Ledger) {
        const gone = async () => Promise.reject(new AssentError("ledger_unavailable", { what: "gone" }));
        const member: unknown = key === "history" ? gone : target[key];
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    const { start, sent } = mailing({ ledger: forgetful });
    await expect(start("ann")).rejects.toMatchObject({ code: "ledger_unavailable" });
    expect([sent, await ledger.cases({ afterId: "", limit: 1 })]).toEqual([[], []]);
  });

  test("needs names, and a time that it looks back", () => {
    const wrong = [
      { per: [] },
      { per: "" },
      { per: [""] },
      { per: 7 },
      { per: "a", over: "P1Y" },
      { per: "a", over: "1" },
    ];
    for (const options of wrong) {
      expect(() => noveltyFrom(options as never)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
    expect(noveltyFrom({ per: ["b", "a", "b"] })).toEqual({ per: ["a", "b"], overMs: 365 * 86_400_000 });
  });
});
