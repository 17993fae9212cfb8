import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAnswer } from "../../src/nodes/answer.js";
import { PayArgs, gated, payments } from "../support/payments.js";

type Said = { verdict: "approve" } | { verdict: "modify"; args: PayArgs } | { verdict: "reject" } | null;

/**
 * The grammar of an answer to a review of `pay`, as the documentation tells it and written down here a second time: a
 * word, a native decision, `{decisions:[…]}`, a HumanResponse, a list of one of these, or a JSON text of any.
 */
function grammar(answer: unknown): Said {
  const value = typeof answer === "string" && /^\s*["[{]/.test(answer) ? fromJson(answer) : answer;
  if (typeof value === "string") return word(value);
  return isExact(value) ? decision(value) : null;
}

/** Whether no number in it has lost digits: an integer beyond 2^53 - 1 may be another one than was typed. */
function isExact(value: unknown): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isExact);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function word(text: string): Said {
  const plain = text.trim().toLowerCase();
  return plain === "approve" || plain === "reject" ? { verdict: plain } : null;
}

function decision(value: unknown): Said {
  if (Array.isArray(value)) return value.length === 1 ? decision(value[0]) : null;
  if (typeof value !== "object" || value === null) return null;
  const said = value as Record<string, unknown>;
  if (Object.hasOwn(said, "decisions")) return Array.isArray(said["decisions"]) ? decision(said["decisions"]) : null;
  switch (said["type"]) {
    case "approve":
    case "accept":
      return { verdict: "approve" };
    case "reject":
    case "response":
    case "respond":
      return { verdict: "reject" };
    case "modify":
      return modification("pay", said["args"]);
    case "edit": {
      const edited = said["editedAction"] ?? said["edited_action"] ?? said["args"];
      if (typeof edited !== "object" || edited === null) return null;
      const { name, action, args } = edited as Record<string, unknown>;
      return modification(name ?? action, args);
    }
    default:
      return null;
  }
}

function modification(name: unknown, args: unknown): Said {
  if (name !== "pay" || typeof args !== "object" || args === null) return null;
  const { to, cents } = args as Record<string, unknown>;
  const whole = typeof cents === "string" ? fromJson(cents) : cents;
  const parsed = PayArgs.safeParse({ to, cents: whole });
  return parsed.success ? { verdict: "modify", args: parsed.data } : null;
}

const words = ["approve", "reject", "modify", "edit", "accept", "ignore", "response", "pay", "refund", "yes", ""];
const cents = fc.oneof(fc.integer({ min: -5, max: 20_000 }), fc.double(), fc.constantFrom("700", "7.5", "x", null));
const args = fc.oneof(fc.record({ to: fc.string(), cents }, { requiredKeys: [] }), fc.jsonValue());
const named = fc.record(
  { name: fc.constantFrom(...words), action: fc.constantFrom(...words), args },
  { requiredKeys: [] },
);
const fields = fc.record(
  {
    type: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.jsonValue() }),
    args: fc.oneof(args, named, fc.constantFrom(...words)),
    editedAction: named,
    edited_action: named,
    note: fc.string({ maxLength: 20 }),
    as: fc.string({ maxLength: 20 }),
  },
  { requiredKeys: ["type"] },
);
const plain = fc.oneof(
  { weight: 6, arbitrary: fields },
  { weight: 2, arbitrary: fc.constantFrom(...words) },
  { weight: 2, arbitrary: fc.jsonValue() },
);
const wrapped = fc.oneof(
  plain,
  plain.map((each) => [each]),
  plain.map((each) => ({ decisions: [each] })),
  fc.array(plain, { maxLength: 3 }),
  fc.array(plain, { maxLength: 3 }).map((decisions) => ({ decisions })),
);
/** Arbitrary JSON, most of it close to what clients send, as a value or as JSON text. */
const answers = fc
  .oneof(
    wrapped,
    wrapped.map((each) => JSON.stringify(each)),
    fc.string(),
    fc.jsonValue(),
  )
  .map((each) => JSON.parse(JSON.stringify(each)) as unknown)
  // Half a surrogate pair or an own __proto__ is no plain JSON; the table of bad answers has them.
  .filter((each) => !/\\ud[89a-f]|__proto__|\\u0000/i.test(JSON.stringify(JSON.stringify(each))));

describe("what counts as an answer", () => {
  test("the parser reads arbitrary JSON exactly as the grammar says, and never throws", () => {
    const { pay } = payments();
    fc.assert(
      fc.property(answers, (answer) => {
        const parsed = parseAnswer(answer, pay);
        const expected = grammar(answer);
        const said = parsed.ok ? parsed.answer : null;
        // Whether new arguments fit is said later, when they are about to become a round.
        if (said?.verdict === "modify" && expected === null) {
          expect(PayArgs.safeParse(said.args).success).toBe(false);
        } else {
          expect(said?.verdict ?? null).toBe(expected?.verdict ?? null);
          if (expected?.verdict === "modify") expect(PayArgs.parse(said?.args)).toEqual(expected.args);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("an arbitrary answer has the effect that the grammar says or none, and the thread always ends well", async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        fc.pre(answer !== null);
        const { thread, made, assent } = gated();
        await thread.start();
        const { proposal } = await thread.asked();
        await thread.answer(answer);
        const expected = grammar(answer);
        if (expected === null) {
          expect(made).toEqual([]);
          expect((await thread.asked()).reason).toMatch(/\S{3,}/);
          expect((await assent.ledger.read(proposal))?.decisions).toEqual([]);
          await thread.answer("approve");
        }
        const ran = {
          approve: [{ to: "bo", cents: 500 }],
          modify: expected?.verdict === "modify" ? [expected.args] : [],
          reject: [],
        };
        expect(made.map(({ args }) => args)).toEqual(ran[expected?.verdict ?? "approve"]);
        expect(await thread.finished()).toBe(true);
        expect((await thread.outcome()).status).toBe(expected?.verdict === "reject" ? "rejected" : "executed");
      }),
      { numRuns: 60 },
    );
  });

  test("in verified trust an arbitrary answer has no effect and leaves no decision", async () => {
    const { thread, made, assent } = gated({ trust: "verified" });
    await thread.start();
    const { proposal } = await thread.asked();
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        fc.pre(answer !== null);
        await thread.answer(answer);
        expect(made).toEqual([]);
        expect((await assent.ledger.read(proposal))?.decisions).toEqual([]);
        expect((await thread.asked()).reason).toMatch(/No decision is recorded/);
      }),
      { numRuns: 30 },
    );
  });
});
