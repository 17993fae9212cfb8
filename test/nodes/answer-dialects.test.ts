import { describe, expect, test } from "vitest";
import { gated } from "../support/payments.js";

const asked = { to: "bo", cents: 500 };
const edited = { to: "cy", cents: 700 };
const editedAsText = { to: "cy", cents: "700" };

/** Every way to approve that a client of LangGraph knows. */
const approvals: Record<string, unknown> = {
  "the word": "approve",
  "the word with spaces and capitals": "  Approve\n",
  native: { type: "approve" },
  "native, with a note": { type: "approve", note: "fine by me" },
  "LangChain v1": { decisions: [{ type: "approve" }] },
  "a HumanResponse": { type: "accept", args: null },
  "a list of one HumanResponse": [{ type: "accept", args: null }],
  // Agent Inbox sends the form's texts along with an acceptance; what was asked is what was accepted.
  "a HumanResponse with other arguments": [{ type: "accept", args: { action: "pay", args: editedAsText } }],
  "a HumanResponse to another action": [{ type: "accept", args: { action: "refund", args: edited } }],
};

const edits: Record<string, unknown> = {
  native: { type: "modify", args: edited },
  "native, all texts": { type: "modify", args: editedAsText },
  "native, with more than the schema knows": { type: "modify", args: { ...edited, extra: true } },
  "LangChain v1": { decisions: [{ type: "edit", editedAction: { name: "pay", args: edited } }] },
  "LangChain v1, all texts": { decisions: [{ type: "edit", editedAction: { name: "pay", args: editedAsText } }] },
  "agent-chat-ui": { decisions: [{ type: "edit", edited_action: { name: "pay", args: edited } }] },
  "agent-chat-ui, all texts": { decisions: [{ type: "edit", edited_action: { name: "pay", args: editedAsText } }] },
  "a HumanResponse": { type: "edit", args: { action: "pay", args: edited } },
  "a list of one HumanResponse": [{ type: "edit", args: { action: "pay", args: edited } }],
  "a list of one HumanResponse, all texts": [{ type: "edit", args: { action: "pay", args: editedAsText } }],
};

const rejections: Record<string, readonly [answer: unknown, reason: string | RegExp]> = {
  "the word": ["reject", /rejected/],
  native: [{ type: "reject", note: "too much" }, "too much"],
  "native, with a code only": [{ type: "reject", reasonCode: "duplicate" }, "duplicate"],
  "LangChain v1": [{ decisions: [{ type: "reject", message: "too much" }] }, "too much"],
  "a HumanResponse": [{ type: "response", args: "too much" }, "too much"],
  "a list of one HumanResponse": [[{ type: "response", args: "too much" }], "too much"],
  // Free text is never an approval, whatever it says.
  "a HumanResponse that says approve": [[{ type: "response", args: "approve" }], "approve"],
};

/** Each answer as it is and as the JSON text that Studio's text box sends. */
function inBothForms<T>(answers: Record<string, T>): (readonly [string, T, (answer: unknown) => unknown])[] {
  return Object.entries(answers).flatMap(([name, answer]) => [
    [name, answer, (value: unknown) => value] as const,
    [`${name}, as JSON text`, answer, (value: unknown) => JSON.stringify(value)] as const,
  ]);
}

describe("in open trust", () => {
  test.each(inBothForms(approvals))("approved by %s: the proposed action runs, once", async (_, answer, form) => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer(form(answer));
    expect(made.map(({ args }) => args)).toEqual([asked]);
    expect(await thread.outcome()).toMatchObject({ status: "executed", unverified: true });
    expect(await thread.finished()).toBe(true);
  });

  test.each(inBothForms(edits))("edited by %s: the new arguments run, once", async (_, answer, form) => {
    const { thread, made, assent } = gated();
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer(form(answer));
    expect(made.map(({ args }) => args)).toEqual([edited]);
    expect(await assent.ledger.read(proposal)).toMatchObject({
      round: { round: 2, args: edited, display: { summary: "Pay 700 cents to cy" } },
      decisions: [{ verdict: "modify", round: 1 }],
      outcome: { status: "executed" },
    });
  });

  test.each(inBothForms(rejections))("rejected by %s: nothing runs", async (_, [answer, reason], form) => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer(form(answer));
    expect(made).toHaveLength(0);
    const outcome = await thread.outcome();
    expect(outcome).toMatchObject({ status: "rejected", unverified: true });
    expect(outcome).toHaveProperty("reason", expect.stringMatching(reason));
    expect(await thread.finished()).toBe(true);
  });

  test.each(inBothForms(approvals))("approved by id, %s: it counts the same", async (_, answer, form) => {
    const { thread, made } = gated();
    await thread.start();
    const [pending] = await thread.pending();
    await thread.answer({ [pending!.id]: form(answer) });
    expect(made.map(({ args }) => args)).toEqual([asked]);
  });

  test("an answer says whom it plays, beside or inside its decisions, and stays unverified", async () => {
    for (const answer of [
      { type: "approve", as: "ana" },
      { decisions: [{ type: "approve", as: "ana" }] },
      { as: "ana", decisions: [{ type: "approve" }] },
    ]) {
      const { thread, assent } = gated();
      await thread.start();
      const { proposal } = await thread.asked();
      await thread.answer(answer);
      expect(await thread.outcome()).toMatchObject({ decidedBy: "ana", unverified: true });
      const [decision] = (await assent.ledger.read(proposal))?.decisions ?? [];
      expect(decision?.by).toMatchObject({ name: "ana", level: "unverified", authenticator: "none", roles: [] });
    }
  });

  test("in open trust roles are those that are claimed, and the level is unverified whatever is claimed", async () => {
    const { thread, assent } = gated();
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer({ type: "approve", as: "ana", roles: ["ceo"], level: "system", by: { level: "system" } });
    const [decision] = (await assent.ledger.read(proposal))?.decisions ?? [];
    expect(decision?.by).toMatchObject({ roles: ["ceo"], level: "unverified", authenticator: "none" });
  });

  test("texts are read by the schema, so a text that looks like a number stays a text where one is wanted", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer([{ type: "edit", args: { action: "pay", args: { to: "007", cents: 700 } } }]);
    expect(made.map(({ args }) => args)).toEqual([{ to: "007", cents: 700 }]);
  });

  test("texts are read one by one: a text stays a text beside a number that came as text", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer([{ type: "edit", args: { action: "pay", args: { to: "12", cents: "700" } } }]);
    expect(made.map(({ args }) => args)).toEqual([{ to: "12", cents: 700 }]);
  });
});

describe("in verified trust", () => {
  test.each([...inBothForms(approvals), ...inBothForms(edits)])(
    "%s decides nothing: it is asked again, and told how to decide",
    async (_, answer, form) => {
      const { thread, made, assent } = gated({ trust: "verified" });
      await thread.start();
      const { review, proposal, howToDecide } = await thread.asked();
      expect(howToDecide).toMatch(/Verified trust/);
      await thread.answer(form(answer));
      expect(made).toHaveLength(0);
      const again = await thread.asked();
      expect(again).toMatchObject({ review, round: 1 });
      expect(again.reason).toContain(`assent.reviews.decide("${review}"`);
      expect((await assent.ledger.read(proposal))?.decisions).toEqual([]);
    },
  );

  test("a rejection typed into a resume decides nothing either", async () => {
    const { thread, assent } = gated({ trust: "verified" });
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer({ type: "reject" });
    expect((await thread.asked()).reason).toMatch(/No decision is recorded/);
    expect(await assent.ledger.read(proposal)).toMatchObject({ outcome: null, decisions: [] });
  });
});
