import { AssentError, memoryLedger } from "assent";
import { describe, expect, test } from "vitest";
import { gated } from "../support/payments.js";

function nested(levels: number): unknown {
  let value: unknown = { type: "approve" };
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
}

const cyclic: Record<string, unknown> = { type: "approve" };
cyclic["self"] = cyclic;

/** Answers that decide nothing: each is asked again with a reason, whatever is in it. */
const bad: Record<string, unknown> = {
  "free text": "please approve",
  "free text that holds a decision": 'I say {"type":"approve"}',
  "a question": "approve?",
  "another word": "yes",
  "the empty text": "",
  "white space": "   ",
  zero: 0,
  one: 1,
  false: false,
  true: true,
  "an empty list": [],
  "an empty object": {},
  "a list of one word": ["approve"],
  "two answers": [{ type: "approve" }, { type: "approve" }],
  "two decisions": { decisions: [{ type: "approve" }, { type: "approve" }] },
  "no decisions": { decisions: [] },
  "decisions that are no list": { decisions: { type: "approve" } },
  "a list inside the decisions": { decisions: [[{ type: "approve" }, { type: "reject" }]] },
  "decisions of words": { decisions: ["approve"] },
  "decisions of nothing": { decisions: [null] },
  "an unknown type": { type: "approved" },
  "a type in capitals": { type: "APPROVE" },
  "a type that is a list": { type: ["approve"] },
  "a type that is an object": { type: { toString: "approve" } },
  "a type that cannot become text": { type: { toString: 1, valueOf: 1 } },
  "no type": { args: { to: "bo", cents: 500 } },
  "an inherited type": { ["__proto__x"]: { type: "approve" } },
  ignore: { type: "ignore", args: null },
  "ignore, as Agent Inbox sends it": [{ type: "ignore", args: null }],
  "an edit to another action": { type: "edit", args: { action: "refund", args: { to: "cy", cents: 5 } } },
  "an edit of no action": { type: "edit", args: { to: "cy", cents: 5 } },
  "an edit to another action, in camel case": {
    decisions: [{ type: "edit", editedAction: { name: "refund", args: { to: "cy", cents: 5 } } }],
  },
  "an edit without arguments": { decisions: [{ type: "edit", edited_action: { name: "pay" } }] },
  "an edit with nothing": { type: "edit" },
  "an edit with a text": { type: "edit", args: "pay" },
  "an edit that fails the schema": { type: "edit", args: { action: "pay", args: { to: "cy", cents: 1.5 } } },
  "an edit with too little": { type: "edit", args: { action: "pay", args: { to: "cy" } } },
  "a modification without arguments": { type: "modify" },
  "a modification with a list": { type: "modify", args: [1] },
  "a modification with a text": { type: "modify", args: '{"to":"cy","cents":5}' },
  "a modification that fails the schema": { type: "modify", args: { to: 5, cents: "many" } },
  "an answer to another review": { type: "approve", review: "rv_00000000000000000000000000000000" },
  "an answer to a review with a long name": { type: "approve", review: "x".repeat(65_000) },
  "an answer to a review with a broken name": String.raw`{"type":"approve","review":"\ud800"}`,
  "a broken character in the type": String.raw`{"type":"\udc00"}`,
  "unknown keys with broken characters": String.raw`{"type":"modify","args":{"\ud800":1}}`,
  "wrong arguments that end in half a character": { type: "modify", args: { to: "bo", x: "😀".repeat(80) } },
  "half a character": "\ud800",
  "very deep": nested(5_000),
  "very deep, as text": JSON.stringify(nested(60)).replace(/^/, "[".repeat(9_000)) + "]".repeat(9_000),
  "deep beyond the stack, as text": "[".repeat(32_000) + "]".repeat(32_000),
  "deep decisions, as text": '{"decisions":['.repeat(3_000) + "]}".repeat(3_000),
  huge: { type: "approve", note: "x".repeat(200_000) },
  "a long list": Array.from({ length: 100_000 }, () => ({ type: "approve" })),
  "a note that fits no log entry": { type: "reject", note: "x".repeat(64_900) },
  "a name that fits no log entry": { type: "approve", as: "x".repeat(30_000) },
  "a note with a NUL": { type: "reject", note: "no\0" },
  "a name with a NUL": { type: "approve", as: "a\0na" },
  "a name with half a character": String.raw`{"type":"approve","as":"\ud800"}`,
  "a reason code with a NUL": { type: "reject", reasonCode: "\0" },
  "a serialised message": {
    lc: 1,
    type: "constructor",
    id: ["langchain_core", "messages", "HumanMessage"],
    kwargs: { content: "approve" },
  },
  "a note that is no text": { type: "approved", note: { lc: 1, type: "constructor", id: ["x"] } },
  "a long response": { type: "response", args: "no ".repeat(20_000) },
  "an own __proto__": JSON.parse('{"__proto__":{"type":"approve"}}'),
  "an own __proto__, as text": '{"__proto__":{"type":"approve"}}',
  "an own __proto__ beside the decision": JSON.parse('{"type":"approve","__proto__":{"x":1}}'),
  "text that is not quite JSON": '{"type":"approve"',
  "JSON with a comment": '{"type":"approve"} // yes',
};

describe("an answer that decides nothing", () => {
  test.each(Object.entries(bad))(
    "%s: asked again with a reason, no effect, and a good answer works",
    async (_, answer) => {
      const { thread, made, assent } = gated();
      await thread.start();
      const before = await thread.asked();
      await thread.answer(answer);
      const again = await thread.asked();
      expect(made).toHaveLength(0);
      expect(again).toMatchObject({ review: before.review, round: 1, digest: before.digest });
      expect(again.reason).toMatch(/\S{3,}/);
      expect(again.reason?.length).toBeLessThan(1_000);
      expect(again.description).toContain("Asked again");
      expect((await assent.ledger.read(before.proposal))?.decisions).toEqual([]);
      await thread.answer({ type: "approve" });
      expect(made).toHaveLength(1);
      expect(await thread.outcome()).toMatchObject({ status: "executed" });
      expect(await thread.finished()).toBe(true);
    },
  );

  test.each(
    Object.entries({ cyclic, "a bigint": { type: "approve", n: 1n }, "a function": { type: () => "approve" } }),
  )("%s: whatever LangGraph makes of it, no effect, and the thread takes a good answer", async (_, answer) => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer(answer).catch((error: unknown) => error);
    expect(made).toHaveLength(0);
    await thread.answer({ type: "approve" });
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });

  test("an object that the saver itself cannot load back: refused before it is kept, and a good answer works", async () => {
    const { thread, made, assent } = gated();
    await thread.start();
    const { proposal } = await thread.asked();
    const junk = { lc: 1, type: "constructor", id: ["langchain", "schema", "Document"], kwargs: {} };
    await expect(thread.answer(junk)).rejects.toMatchObject({ code: "json_invalid", where: "resume" });
    expect(made).toHaveLength(0);
    expect(await assent.ledger.read(proposal)).toMatchObject({ proposal: { state: "open" }, decisions: [] });
    expect(await thread.asked()).toMatchObject({ reason: null });
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });

  test.each([[null], [undefined]])("%s: LangGraph itself refuses it and nothing changes", async (answer) => {
    const { thread, made } = gated();
    await thread.start();
    await expect(thread.answer(answer)).rejects.toThrow(/input/i);
    expect(made).toHaveLength(0);
    expect(await thread.asked()).toMatchObject({ reason: null });
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });

  test("ten bad answers in a row keep the review, and the eleventh decides", async () => {
    const { thread, made, assent } = gated();
    await thread.start();
    const { review } = await thread.asked();
    for (let i = 0; i < 10; i += 1) await thread.answer(`maybe ${i}`);
    expect((await assent.reviews.get(review)).review).toMatchObject({ asks: 11, status: "open", version: 1 });
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });

  test("a Date in an answer is no JSON; it is asked again", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer({ type: "approve", at: new Date(0) });
    expect(made).toHaveLength(0);
    expect((await thread.asked()).reason).toMatch(/JSON/);
  });

  test("the reason for refusing an edit tells what is wrong with it", async () => {
    const { thread } = gated();
    await thread.start();
    await thread.answer({ type: "modify", args: { to: "cy", cents: "many" } });
    expect((await thread.asked()).reason).toMatch(/cents/);
  });

  test("an answer that the ledger will never take is asked again, not thrown over and over", async () => {
    const ledger = memoryLedger();
    const decide = ledger.decide.bind(ledger);
    ledger.decide = (request) =>
      request.decision.note === null
        ? decide(request)
        : Promise.reject(new AssentError("json_invalid", { what: "This store keeps no notes" }));
    const { thread, made } = gated({ ledger });
    await thread.start();
    await thread.answer({ type: "approve", note: "fine" });
    expect(made).toHaveLength(0);
    expect((await thread.asked()).reason).toMatch(/keeps no notes/);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });
});
