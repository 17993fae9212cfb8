import { describe, expect, test } from "vitest";
import { paintFor } from "../../src/cli/paint.js";

describe("emphasis", () => {
  test.each([
    ["a terminal", { isTTY: true }, {}, "\u001b[1mhi\u001b[22m"],
    ["a pipe", {}, {}, "hi"],
    ["a terminal where NO_COLOR is set", { isTTY: true }, { NO_COLOR: "1" }, "hi"],
    ["a terminal where NO_COLOR is empty", { isTTY: true }, { NO_COLOR: "" }, "\u001b[1mhi\u001b[22m"],
    ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, "hi"],
  ])("in %s", (_, stream, environment, bold) => {
    expect(paintFor(stream, environment).bold("hi")).toBe(bold);
  });

  test("is taken back by each kind by itself", () => {
    const { dim, good, bad } = paintFor({ isTTY: true }, {});
    expect([dim("x"), good("x"), bad("x")]).toEqual([
      "\u001b[2mx\u001b[22m",
      "\u001b[32mx\u001b[39m",
      "\u001b[31mx\u001b[39m",
    ]);
  });
});
