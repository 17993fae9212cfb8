import { describe, expect, test } from "vitest";
import { z } from "zod";
import { exampleOf, fieldsOf } from "../../src/cli/json-schema.js";

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});

const FORMS: readonly (readonly [z.ZodType, string[]])[] = [
  [z.string().max(9), ["text (9 at most)"]],
  [z.int(), ["whole number"]],
  [z.number().gt(3).lt(9), ["number (above 3, below 9)"]],
  [z.boolean(), ["true or false"]],
  [z.null(), ["null"]],
  [z.literal("yes"), ['"yes"']],
  [z.string().regex(/^a+$/), ["text (matching ^a+$)"]],
  [z.iso.datetime(), ["text (date-time)"]],
  [z.array(z.enum(["a", "b"])).min(2), ['list of one of "a", "b"']],
  [
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), n: z.number() }),
      z.object({ kind: z.literal("b"), s: z.string().optional() }),
    ]),
    ['{ kind: "a", n: number } or { kind: "b", s?: text }'],
  ],
  [
    z.object({ days: z.int().min(1).nullable(), note: z.string().default("none") }).describe("When"),
    ["object: When", "days: whole number (at least 1) or null, required", "note: text, may be left out"],
  ],
  [z.object({ size: z.number().max(-2).optional() }), ["size: number (at most -2), may be left out"]],
  [z.unknown(), ["anything"]],
];

const schemaOf = (form: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...schema } = z.toJSONSchema(form, { io: "input" });
  return schema;
};

describe("a form in words", () => {
  test.each(FORMS)("%#: says what is asked for, field by field", (form, lines) => {
    const told = fieldsOf(schemaOf(form)).map(({ name, words }) => (name === "" ? words : `${name}: ${words}`));
    expect(told).toEqual(lines);
  });

  test.each(FORMS.filter(([form]) => !["^a+$", "unknown"].some((word) => isLike(form, word))))(
    "%#: has an example that fits",
    (form) => {
      const example = exampleOf(schemaOf(form));
      expect(form.safeParse(example)).toMatchObject({ success: true });
    },
  );

  test("ends where a form refers to itself", () => {
    expect(fieldsOf(schemaOf(Tree)).length).toBeLessThan(20);
    expect(JSON.stringify(exampleOf(schemaOf(Tree))).length).toBeLessThan(2_000);
  });

  test("has no example where anything will do", () => {
    expect(exampleOf({})).toBeUndefined();
  });
});

function isLike(form: z.ZodType, word: string): boolean {
  return form instanceof z.ZodUnknown ? word === "unknown" : JSON.stringify(schemaOf(form)).includes(word);
}
