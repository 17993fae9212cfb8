import { MemorySaver, END, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  askHuman,
  createAssent,
  memoryLedger,
  policy,
  type AskHumanOptions,
  type Trust,
} from "assent";
import { manualClock, testAuthenticator } from "assent/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
const State = AssentState.extend({
  client: z.string(),
  limit: z.number().optional(),
  said: z.string().optional(),
  rounds: z.number().optional(),
});
type State = z.infer<typeof State>;
const Limit = z.object({ limit: z.number().positive() });

function asking(more: Partial<AskHumanOptions<typeof Limit, State>> = {}, trust: Trust = "open") {
  const clock = manualClock("2026-03-30T10:00:00Z");
  const assent = createAssent({
    actions: [],
    ledger: memoryLedger({ clock }),
    clock,
    trust,
    authenticators: [people],
    // Who may approve actions has nothing to do with who knows the answer.
    policy: policy({ default: { route: "review", review: { by: [{ role: "approver" }] } } }),
  });
  const ask = askHuman(assent, {
    question: (s: State) => `What is the limit for ${s.client}?`,
    context: (s: State) => ({ client: s.client }),
    answer: Limit,
    by: [{ role: "account-manager" }],
    into: ({ limit }, { by }) => ({ limit, said: `by ${by}` }),
    ...more,
  });
  const graph = addGate(new StateGraph(State), "ask", ask)
    .addEdge(START, "ask")
    .compile({ checkpointer: new MemorySaver() });
  return { assent, clock, graph, thread: new Thread(graph) };
}

describe("a question to a person", () => {
  test("pauses with the question, what helps to answer it, the form, and who may answer", async () => {
    const { thread } = asking();
    await thread.start({ client: "acme" });
    const shown = await thread.asked();
    expect(shown).toMatchObject({
      kind: "question",
      summary: "What is the limit for acme?",
      by: ["role account-manager"],
      context: { client: "acme" },
    });
    const form = (shown as unknown as { responseSchema: { properties: Record<string, unknown> } }).responseSchema;
    expect(form.properties["type"]).toMatchObject({ enum: ["answer", "reject"] });
    expect(form.properties["answer"]).toMatchObject({ properties: { limit: { type: "number" } } });
  });

  test("the typed answer arrives with who gave it", async () => {
    const { thread } = asking();
    await thread.start({ client: "acme" });
    const { limit, said } = await thread.answer({
      type: "answer",
      answer: { limit: 5 },
      as: "ana",
      roles: ["account-manager"],
    });
    expect({ limit, said }).toEqual({ limit: 5, said: "by ana" });
    expect(await thread.finished()).toBe(true);
  });

  test("an answer of another form, of somebody else, or an approval is asked again, with the reason", async () => {
    const { thread } = asking();
    await thread.start({ client: "acme" });
    for (const [answer, reason] of [
      [{ type: "answer", answer: { limit: -1 }, as: "ana", roles: ["account-manager"] }, /limit/],
      [{ type: "answer", answer: { limit: 5 }, as: "bo" }, /role account-manager/],
      ["approve", /takes one of: answer, reject/],
      ["five, I guess", /no decision/],
    ] as const) {
      await thread.answer(answer);
      expect((await thread.asked()).reason).toMatch(reason);
    }
  });

  test("the box of clients that can only respond is an answer", async () => {
    const { thread } = asking({ by: [] });
    await thread.start({ client: "acme" });
    expect(await thread.answer([{ type: "response", args: '{"limit":7}' }])).toMatchObject({ limit: 7 });
  });

  test("with nobody's answer in time it goes on without one, and the state says so", async () => {
    const { thread, assent, clock } = asking({
      within: "PT4H",
      otherwise: "reject",
      unanswered: ({ status }) => ({ said: status }),
    });
    await thread.start({ client: "acme" });
    await clock.advance(4 * 3_600_000);
    expect(await assent.tick()).toHaveLength(1);
    expect(await thread.answer("late")).toMatchObject({ said: "expired" });
  });

  test("in verified trust an answer in a resume counts for nothing, and a decision for all", async () => {
    const { thread, assent } = asking({}, "verified");
    await thread.start({ client: "acme" });
    await thread.answer({ type: "answer", answer: { limit: 5 }, as: "ana", roles: ["account-manager"] });
    const { review, digest } = await thread.asked();
    const by = await people.authenticate({ id: "ana", roles: ["account-manager"] });
    await expect(assent.reviews.decide(review, { by, decision: "approve", digest })).rejects.toMatchObject({
      code: "decision_invalid",
    });
    const bo = await people.authenticate({ id: "bo" });
    await expect(
      assent.reviews.decide(review, { by: bo, decision: "answer", answer: { limit: 5 }, digest }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    await assent.reviews.decide(review, { by, decision: "answer", answer: { limit: 5 }, digest });
    expect(await thread.answer("nudge")).toMatchObject({ limit: 5, said: "by ana" });
  });

  test("in a loop every pass asks anew, and a re-run of a pass does not", async () => {
    const assent = createAssent({
      actions: [],
      ledger: memoryLedger(),
      trust: "open",
      policy: policy({ default: { route: "review" } }),
    });
    const ask = askHuman(assent, {
      question: (s: State) => `Round ${(s.rounds ?? 0) + 1}?`,
      answer: Limit,
      into: ({ limit }) => ({ limit }),
    });
    const graph = addGate(
      new StateGraph(State).addNode("count", ({ rounds = 0 }) => ({ rounds: rounds + 1 })),
      "ask",
      ask,
    )
      .addEdge(START, "ask")
      .addEdge("ask", "count")
      .addConditionalEdges("count", ({ rounds = 0 }) => (rounds < 3 ? "ask" : END), ["ask", END])
      .compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start({ client: "acme" });
    for (const round of [1, 2, 3]) {
      expect((await thread.asked()).summary).toBe(`Round ${round}?`);
      await thread.answer("hm");
      await thread.answer({ type: "answer", answer: { limit: round } });
    }
    expect(await thread.finished()).toBe(true);
    expect(await assent.ledger.cases({ afterId: "", limit: 10 })).toHaveLength(3);
  });

  test("nothing can be answered in nobody's name", () => {
    expect(() => asking({ otherwise: "execute" })).toThrow(/nobody answers/);
  });

  test("the answer's type is the form's", () => {
    const assent = createAssent({
      actions: [],
      ledger: memoryLedger(),
      policy: policy({ default: { route: "review" } }),
    });
    askHuman(assent, {
      question: "?",
      answer: Limit,
      into: (answer) => {
        expectTypeOf(answer).toEqualTypeOf<{ limit: number }>();
        // @ts-expect-error -- the form has no such member
        return { limit: answer.amount };
      },
    });
  });
});
