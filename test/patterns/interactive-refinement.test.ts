import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, interactiveRefinement, memoryLedger, policy } from "assent";
import { testAuthenticator, testKeys } from "assent/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Thread } from "../support/thread.js";

const State = AssentState.extend({ topic: z.string(), letter: z.string().optional() });
type State = z.infer<typeof State>;

const people = testAuthenticator();

function refining(rounds = 3, trust: "open" | "verified" = "open") {
  const sent: string[] = [];
  let drafts = 0;
  const send = defineAction({
    name: "send",
    args: z.object({ to: z.string(), text: z.string().min(1) }),
    summary: ({ to }) => `Send a letter to ${to}`,
    idempotent: true,
    run: ({ text }) => void sent.push(text),
  });
  const assent = createAssent({
    actions: [send],
    ledger: memoryLedger(),
    trust,
    ...(trust === "verified" && { keys: testKeys(), authenticators: [people] }),
    policy: policy({ default: { route: "execute" } }),
  });
  const letter = interactiveRefinement(assent, {
    action: send,
    draft: ({ topic }: State) => ({ to: "cy", text: `About ${topic}, draft ${++drafts}` }),
    revise: ({ draft, feedback, round }) => ({ ...draft, text: `${draft.text}; ${feedback} (after ${round})` }),
    rounds,
    into: ({ status }) => ({ letter: status }),
  });
  const graph = addGate(new StateGraph(State), "refine", letter)
    .addEdge(START, "refine")
    .compile({ checkpointer: new MemorySaver() });
  return { assent, sent, thread: new Thread(graph), drafts: () => drafts };
}

describe("drafts, until somebody approves one", () => {
  test("a wish makes the next draft, which shows the wish and what changed", async () => {
    const { thread, sent } = refining();
    await thread.start({ topic: "fees" });
    expect(await thread.asked()).toMatchObject({ kind: "refinement", round: 1 });
    await thread.answer({ type: "revise", note: "shorter", as: "ana" });
    expect(await thread.asked()).toMatchObject({
      round: 2,
      args: { to: "cy", text: "About fees, draft 1; shorter (after 1)" },
      context: {
        draft: 2,
        feedback: "shorter",
        changes: [{ path: "text", before: "About fees, draft 1", after: "About fees, draft 1; shorter (after 1)" }],
      },
    });
    expect(sent).toEqual([]);
    expect(await thread.answer("approve")).toMatchObject({ letter: "executed" });
    expect(sent).toEqual(["About fees, draft 1; shorter (after 1)"]);
  });

  test("the policy would let it run; a person sees it all the same", async () => {
    const { thread, sent } = refining();
    await thread.start({ topic: "fees" });
    expect(sent).toEqual([]);
  });

  test("an edit runs as the person wrote it", async () => {
    const { thread, sent } = refining();
    await thread.start({ topic: "fees" });
    await thread.answer({ type: "modify", args: { to: "cy", text: "Mine" } });
    expect(sent).toEqual(["Mine"]);
  });

  test("after the last draft nobody can ask for another, and is told what is left", async () => {
    const { thread } = refining(2);
    await thread.start({ topic: "fees" });
    await thread.answer({ type: "revise", note: "shorter" });
    await thread.answer({ type: "revise", note: "shorter still" });
    expect(await thread.asked()).toMatchObject({ round: 2, reason: expect.stringMatching(/approve, modify, reject/) });
  });

  test("nor can anybody who decides elsewhere, whatever they were shown", async () => {
    const { assent, thread, sent, drafts } = refining(2, "verified");
    await thread.start({ topic: "fees" });
    const by = await people.authenticate({ id: "ana" });
    const say = async (decision: "revise" | "approve"): Promise<void> => {
      const { review } = (await assent.reviews.list({ threadId: thread.id })).items[0]!;
      await assent.reviews.decide(review.id, { by, decision, digest: review.digest, note: "shorter" });
      await thread.answer("decided");
    };
    await say("revise");
    await expect(say("revise")).rejects.toMatchObject({
      code: "decision_invalid",
      message: expect.stringContaining("takes one of: approve, modify, reject"),
    });
    expect(sent).toEqual([]);
    await say("approve");
    expect([sent.length, drafts()]).toEqual([1, 1]);
  });

  test("a wish without words is asked again", async () => {
    const { thread } = refining();
    await thread.start({ topic: "fees" });
    await thread.answer({ type: "revise" });
    expect((await thread.asked()).reason).toMatch(/what has to change/);
  });

  test("the box of clients that can only respond is a wish", async () => {
    const { thread } = refining();
    await thread.start({ topic: "fees" });
    await thread.answer([{ type: "response", args: "warmer" }]);
    expect((await thread.asked()).args["text"]).toMatch(/warmer/);
  });

  test("however often the thread is resumed, the agent drafts once a round", async () => {
    const { thread, drafts, assent } = refining();
    await thread.start({ topic: "fees" });
    for (let times = 0; times < 3; times += 1) await thread.answer("hm");
    expect(drafts()).toBe(1);
    const [held] = await assent.ledger.cases({ afterId: "", limit: 10 });
    expect(held?.decisions).toEqual([]);
  });

  test("a draft that does not fit the action is the agent's error; the thread goes on once it does", async () => {
    const { thread, assent } = refining();
    const wrong = interactiveRefinement(assent, {
      draft: () => ({ text: 1 as unknown as string }),
      revise: ({ draft }) => draft,
    });
    const graph = addGate(new StateGraph(State), "wrong", wrong)
      .addEdge(START, "wrong")
      .compile({ checkpointer: new MemorySaver() });
    await expect(new Thread(graph).start({ topic: "x" })).rejects.toMatchObject({ code: "args_invalid" });
    await thread.start({ topic: "fees" });
    expect(await thread.asked()).toMatchObject({ round: 1 });
  });

  test("rounds are a whole number", () => {
    expect(() => refining(0)).toThrow(/whole number of rounds/);
  });
});
