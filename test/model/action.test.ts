import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineAction, notStarted } from "../../src/model/action.js";
import { AssentError } from "../../src/model/error.js";

function declare(over: Record<string, unknown> = {}) {
  return defineAction({
    name: "pay",
    args: z.object({ to: z.string() }),
    summary: (a: { to: string }) => `Pay ${a.to}`,
    idempotent: true,
    run: () => "paid",
    ...over,
  });
}

const invalid = expect.objectContaining({ code: "action_invalid" });

describe("declaring an action", () => {
  test("keeps what was declared, tries three times unless said, and adds a JSON Schema for forms", () => {
    expect(declare()).toMatchObject({
      name: "pay",
      idempotent: true,
      attemptsMax: 3,
      argsJsonSchema: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
    });
    expect(declare().argsJsonSchema).not.toHaveProperty("$schema");
    expect(declare({ attemptsMax: 1 }).attemptsMax).toBe(1);
  });

  test.each(["a", "pay", "pay.out", "pay-out_2", `a${"b".repeat(63)}`])("the name %s will do", (name) => {
    expect(declare({ name }).name).toBe(name);
  });

  test.each(["", "1pay", "_pay", "pay me", "pay\n", "päy", "pay/out", `a${"b".repeat(64)}`, "__proto__"])(
    "the name %o will not",
    (name) => {
      expect(() => declare({ name })).toThrow(invalid);
    },
  );

  test.each([undefined, null, "yes", 1])(
    "whether it is idempotent has to be said: %o does not say it",
    (idempotent) => {
      expect(() => declare({ idempotent })).toThrow(/idempotent/);
    },
  );

  test.each([0, -1, 1.5, 101, Number.NaN, Number.POSITIVE_INFINITY, "3", null])(
    "%o attempts are refused",
    (attemptsMax) => {
      expect(() => declare({ attemptsMax })).toThrow(invalid);
    },
  );

  test.each([
    ["a date", z.date()],
    ["a transform", z.string().transform((text) => text.length)],
    ["a bigint", z.bigint()],
    ["a map", z.map(z.string(), z.string())],
    ["a custom type", z.custom<string>(() => true)],
    ["undefined", z.undefined()],
    ["a symbol", z.symbol()],
    ["a transform deep inside", z.array(z.object({ at: z.string().transform(Number) }))],
  ])("arguments with %s are refused: no form can show them, or they would change when parsed again", (_, schema) => {
    expect(() => declare({ args: z.object({ what: schema }) })).toThrow(invalid);
  });

  test.each([
    ["defaults", z.string().default("x")],
    ["optional members", z.string().optional()],
    ["trimming", z.string().trim()],
    ["dates as text", z.iso.date()],
    ["choices", z.union([z.literal(1), z.enum(["a", "b"])])],
    ["records", z.record(z.string(), z.number())],
  ])("arguments with %s will do", (_, schema) => {
    expect(declare({ args: z.object({ what: schema }) }).argsJsonSchema).toHaveProperty("properties.what");
  });

  test("the schema for forms is of what goes in: an argument with a default need not be given", () => {
    const { argsJsonSchema } = declare({ args: z.object({ what: z.string().default("x"), to: z.string() }) });
    expect(argsJsonSchema).toMatchObject({ required: ["to"] });
  });
});

test("an action that knows that nothing happened says so with a reason, and it may be tried again", () => {
  const error = notStarted("connection refused", new Error("ECONNREFUSED"));
  expect(AssentError.isInstance(error, "not_started")).toBe(true);
  expect(error).toMatchObject({ retryable: true, message: "connection refused", cause: { message: "ECONNREFUSED" } });
});
