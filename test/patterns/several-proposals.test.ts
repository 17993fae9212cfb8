import { MemorySaver, START, Send, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, memoryLedger, policy, type AssentOptions } from "assent";
import { z } from "zod";
import { askAlways, executeAlways, gated, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";

function two(options: Partial<AssentOptions> = {}) {
  const pay = payments({ name: "pay" });
  const refund = payments({ name: "refund" });
  const assent = createAssent({
    actions: [pay.pay, refund.pay],
    ledger: memoryLedger(),
    trust: "open",
    policy: askAlways,
    ...options,
  });
  const propose = async () => {
    const ids = await Promise.all([
      assent.propose(pay.pay, { to: "bo", cents: 1 }),
      assent.propose(refund.pay, { to: "cy", cents: 2 }),
    ]);
    return { proposals: ids.flatMap((each) => each.proposals) };
  };
  return { pay, refund, assent, propose };
}

const sums = (made: readonly { args: { cents: number } }[]): number[] => made.map(({ args }) => args.cents);

describe("several proposals at one gate", () => {
  const three = [[{ to: "a", cents: 1 }], [{ to: "b", cents: 2 }], [{ to: "c", cents: 3 }]] as const;

  test("they are asked about one after the other, in the order of the state", async () => {
    const { thread, made } = gated({ proposals: three });
    await thread.start();
    for (const cents of [1, 2, 3]) {
      const { args, review } = await thread.asked();
      expect(args["cents"]).toBe(cents);
      await thread.answer({ type: "approve", review });
    }
    expect(sums(made)).toEqual([1, 2, 3]);
    expect(await thread.finished()).toBe(true);
    const { values } = await thread.state();
    expect(Object.keys(values.outcomes)).toEqual(values.proposals);
    expect((await thread.outcomes()).map(({ status }) => status)).toEqual(["executed", "executed", "executed"]);
  });

  test("one rejected does not hinder the others", async () => {
    const { thread, made } = gated({ proposals: three });
    await thread.start();
    for (const type of ["approve", "reject", "approve"]) {
      await thread.answer({ type, review: (await thread.asked()).review });
    }
    expect(sums(made)).toEqual([1, 3]);
    expect((await thread.outcomes()).map(({ status }) => status)).toEqual(["executed", "rejected", "executed"]);
  });

  test("each has a permit and a key of its own", async () => {
    const { made, thread } = gated({ proposals: three, policy: executeAlways });
    await thread.start();
    expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
  });

  test("many go through in one pass without anybody raising LangGraph's recursion limit", async () => {
    const many = Array.from({ length: 40 }, (_, i) => [{ to: "a", cents: i }] as const);
    const { thread, made } = gated({ proposals: many, policy: executeAlways });
    await thread.start();
    expect(sums(made)).toEqual(many.map(([{ cents }]) => cents));
    expect(await thread.outcomes()).toHaveLength(40);
  });

  test("a pass that nobody is asked in ends with all outcomes at once, through `into`", async () => {
    const seen: string[] = [];
    const into = ({ proposalId }: { proposalId: string }) => {
      seen.push(proposalId);
      return {};
    };
    const { thread } = gated({ proposals: three, policy: executeAlways, gate: { into } });
    await thread.start();
    expect(seen).toEqual((await thread.state()).values.proposals);
  });

  test("a proposal of another thread is none of this thread's business", async () => {
    const other = gated();
    await other.thread.start();
    const { proposal } = await other.thread.asked();
    const mine = gated({ on: other, policy: askAlways });
    await mine.thread.start({ proposals: [proposal, "pr_unknown"] });
    const asked = await mine.thread.asked();
    expect(asked.proposal).not.toBe(proposal);
    await mine.thread.answer("approve");
    expect(await mine.thread.finished()).toBe(true);
    expect(Object.keys((await mine.thread.state()).values.outcomes)).toEqual([asked.proposal]);
    expect(other.made).toHaveLength(1);
    expect((await other.assent.ledger.read(proposal))?.proposal).toMatchObject({ state: "open", gate: "gate" });
  });
});

describe("several gates", () => {
  test("a gate for one action leaves the others to the next gate", async () => {
    const { pay, refund, assent, propose } = two();
    const graph = addGate(
      addGate(
        new StateGraph(AssentState).addNode("agent", propose),
        "refunds",
        approvalGate(assent, { action: "refund" }),
      ),
      "rest",
      approvalGate(assent),
    )
      .addEdge(START, "agent")
      .addEdge("agent", "refunds")
      .addEdge("refunds", "rest");
    const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    expect(await thread.asked()).toMatchObject({ gate: "refunds", args: { cents: 2 } });
    await thread.answer("approve");
    expect([sums(pay.made), sums(refund.made)]).toEqual([[], [2]]);
    expect(await thread.asked()).toMatchObject({ gate: "rest", args: { cents: 1 } });
    await thread.answer("approve");
    expect([sums(pay.made), sums(refund.made)]).toEqual([[1], [2]]);
    expect(await thread.finished()).toBe(true);
    expect(await thread.outcomes()).toHaveLength(2);
  });

  test("two agents, each with its gate in sequence: each gate ends what was proposed before it", async () => {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const propose = (cents: number) => () => assent.propose(pay, { to: "bo", cents });
    const one = addGate(new StateGraph(AssentState).addNode("a", propose(1)), "first", approvalGate(assent));
    const graph = addGate(one.addNode("b", propose(2)), "second", approvalGate(assent))
      .addEdge(START, "a")
      .addEdge("a", "first")
      .addEdge("first", "b")
      .addEdge("b", "second");
    const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    expect(await thread.asked()).toMatchObject({ gate: "first", args: { cents: 1 } });
    await thread.answer("approve");
    expect(await thread.asked()).toMatchObject({ gate: "second", args: { cents: 2 } });
    await thread.answer("reject");
    expect(sums(made)).toEqual([1]);
    expect((await thread.outcomes()).map(({ status }) => status)).toEqual(["executed", "rejected"]);
  });

  function parallel(filtered: boolean) {
    const made = two();
    const { assent, propose } = made;
    const State = AssentState.extend({ paid: z.string().optional(), refunded: z.string().optional() });
    const builder = addGate(
      addGate(
        new StateGraph(State).addNode("agent", propose),
        "payments",
        approvalGate(assent, { ...(filtered ? { action: "pay" } : {}), into: (o) => ({ paid: o.status }) }),
      ),
      "refunds",
      approvalGate(assent, { ...(filtered ? { action: "refund" } : {}), into: (o) => ({ refunded: o.status }) }),
    );
    const graph = builder.addEdge(START, "agent").addEdge("agent", "payments").addEdge("agent", "refunds");
    return { ...made, thread: new Thread(graph.compile({ checkpointer: new MemorySaver() })) };
  }

  test("two at once: one unnamed answer for both decides neither, and named answers do", async () => {
    const { thread, pay, refund } = parallel(true);
    await thread.start();
    expect((await thread.pending()).map(({ value }) => value.gate).toSorted()).toEqual(["payments", "refunds"]);
    for (const scalar of ["approve", { type: "approve" }, { decisions: [{ type: "approve" }] }]) {
      await thread.answer(scalar);
      expect([...pay.made, ...refund.made]).toEqual([]);
      for (const { value } of await thread.pending()) {
        expect(value.reason).toContain(`"review":"${value.review}"`);
      }
    }
    const shown = (await thread.pending()).map(({ value }) => value);
    const { review } = shown.find(({ gate }) => gate === "refunds")!;
    await thread.answer({ type: "approve", review });
    expect([sums(pay.made), sums(refund.made)]).toEqual([[], [2]]);
    const left = await thread.asked();
    expect(left).toMatchObject({ gate: "payments" });
    expect(left.reason).toContain(review);
    // Now only one is pending; the answer that was refused above may not turn into its answer.
    await thread.goOn();
    await thread.answer("approve");
    expect(sums(pay.made)).toEqual([]);
    await thread.answer({ type: "approve", review: left.review });
    expect([sums(pay.made), sums(refund.made)]).toEqual([[1], [2]]);
    expect(await thread.finished()).toBe(true);
    expect((await thread.state()).values).toMatchObject({ paid: "executed", refunded: "executed" });
    expect(await thread.outcomes()).toHaveLength(2);
  });

  test("two at once, answered together by interrupt id, each naming its review", async () => {
    const { thread, pay, refund } = parallel(true);
    await thread.start();
    const pending = await thread.pending();
    await thread.answer(
      Object.fromEntries(
        pending.map(({ id, value }) => [
          id,
          { type: value.gate === "payments" ? "approve" : "reject", review: value.review },
        ]),
      ),
    );
    expect([sums(pay.made), sums(refund.made)]).toEqual([[1], []]);
    expect((await thread.state()).values).toMatchObject({ paid: "executed", refunded: "rejected" });
    expect(await thread.finished()).toBe(true);
  });

  test("two at once, answered one by one by interrupt id", async () => {
    const { thread, pay, refund } = parallel(true);
    await thread.start();
    const [first] = await thread.pending();
    await thread.answer({ [first!.id]: { type: "approve", review: first!.value.review } });
    expect(pay.made.length + refund.made.length).toBe(1);
    const [second] = await thread.pending();
    await thread.answer({ [second!.id]: "approve" });
    expect([sums(pay.made), sums(refund.made)]).toEqual([[1], [2]]);
    expect(await thread.outcomes()).toHaveLength(2);
    expect(await thread.finished()).toBe(true);
  });

  test("two at once without filters: each proposal belongs to one of them, and each runs once", async () => {
    const { thread, pay, refund } = parallel(false);
    await thread.start();
    while (!(await thread.finished())) {
      const [first] = await thread.pending();
      await thread.answer({ type: "approve", review: first!.value.review });
    }
    expect([sums(pay.made), sums(refund.made)]).toEqual([[1], [2]]);
    expect(await thread.outcomes()).toHaveLength(2);
  });
});

describe("Send to one gate", () => {
  function fanOut(policyOf = askAlways) {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: policyOf });
    const builder = new StateGraph(AssentState).addNode("agent", async () => {
      const each = await Promise.all([1, 2, 3].map((cents) => assent.propose(pay, { to: "bo", cents })));
      return { proposals: each.flatMap(({ proposals }) => proposals) };
    });
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", ({ proposals }) => proposals.map((id) => new Send("gate", { proposals: [id] })), [
        "gate",
      ]);
    return { made, thread: new Thread(graph.compile({ checkpointer: new MemorySaver() })) };
  }

  test("each proposal is handled by a gate run of its own, and the outcomes merge", async () => {
    const { made, thread } = fanOut(executeAlways);
    await thread.start();
    expect(sums(made).toSorted()).toEqual([1, 2, 3]);
    expect(await thread.outcomes()).toHaveLength(3);
    expect(await thread.finished()).toBe(true);
  });

  test("three people's questions at once, answered by id in one go", async () => {
    const { made, thread } = fanOut();
    await thread.start();
    const pending = await thread.pending();
    expect(pending).toHaveLength(3);
    await thread.answer(
      Object.fromEntries(pending.map(({ id, value }) => [id, { type: "approve", review: value.review }])),
    );
    expect(sums(made).toSorted()).toEqual([1, 2, 3]);
    expect(await thread.outcomes()).toHaveLength(3);
    expect(await thread.finished()).toBe(true);
  });

  test("one unnamed answer decides none of them; named ones decide one by one", async () => {
    const { made, thread } = fanOut(policy({ default: { route: "review" } }));
    await thread.start();
    await thread.answer("approve");
    expect(made).toEqual([]);
    for (let left = 3; left > 0; left -= 1) {
      const pending = await thread.pending();
      expect(pending).toHaveLength(left);
      await thread.answer({ type: "approve", review: pending[0]!.value.review });
    }
    expect(sums(made).toSorted()).toEqual([1, 2, 3]);
    expect(await thread.finished()).toBe(true);
  });
});
