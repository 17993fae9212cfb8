import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseReviewCommand, REVIEW_HELP } from "../../src/cli/review-command.js";

describe("a line that a reviewer types", () => {
  test.each([
    ["", { do: "nothing" }],
    ["   ", { do: "nothing" }],
    ["list", { do: "list" }],
    ["ls", { do: "list" }],
    ["l", { do: "list" }],
    ["show", { do: "show", number: null }],
    ["show 3", { do: "show", number: 3 }],
    ["s 12", { do: "show", number: 12 }],
    ["approve", { do: "approve", number: null, note: null }],
    ["  A  ", { do: "approve", number: null, note: null }],
    ["APPROVE 2", { do: "approve", number: 2, note: null }],
    ["approve 2 known customer", { do: "approve", number: 2, note: "known customer" }],
    ["approve known  customer ", { do: "approve", number: null, note: "known  customer" }],
    ["approve 2nd time", { do: "approve", number: null, note: "2nd time" }],
    ["approve 1234567", { do: "approve", number: null, note: "1234567" }],
    ["reject", { do: "reject", number: null, note: null }],
    ["r 1 a duplicate", { do: "reject", number: 1, note: "a duplicate" }],
    ["skip", { do: "skip" }],
    ["k", { do: "skip" }],
    ["next", { do: "skip" }],
    ["help", { do: "help" }],
    ["?", { do: "help" }],
    ["q", { do: "quit" }],
    ["exit", { do: "quit" }],
    ["modify", { do: "modify", number: null, changes: {} }],
    ["modify cents=5", { do: "modify", number: null, changes: { cents: "5" } }],
    ["m 2 cents=5 to=bo", { do: "modify", number: 2, changes: { cents: "5", to: "bo" } }],
    ["modify to=", { do: "modify", number: null, changes: { to: "" } }],
    ['modify memo="two  words" cents=5', { do: "modify", number: null, changes: { memo: "two  words", cents: "5" } }],
    ['modify memo="say \\"hi\\"\\n"', { do: "modify", number: null, changes: { memo: 'say "hi"\n' } }],
    ["modify url=https://a.example/?b=c", { do: "modify", number: null, changes: { url: "https://a.example/?b=c" } }],
    [
      "modify constructor=1 __proto__=2",
      {
        do: "modify",
        number: null,
        changes: Object.fromEntries([
          ["constructor", "1"],
          ["__proto__", "2"],
        ]),
      },
    ],
  ])("%j is understood", (line, command) => {
    expect(parseReviewCommand(line)).toEqual(command);
  });

  test.each([
    ["modify memo=two words", "words"],
    ["modify cents", "cents"],
    ["modify cents = 5", "cents = 5"],
    ['modify memo="not closed', 'memo="not closed'],
    ['modify memo="a"b', 'memo="a"b'],
    ['modify cents=5 memo="bad \\x escape"', 'memo="bad \\x escape"'],
  ])("%j is not guessed at", (line, said) => {
    expect(parseReviewCommand(line)).toEqual({ do: "unclear", said });
  });

  test.each(["yes", "ok", "y", "approved", "please approve", "approve!", "constructor", "toString", "__proto__", "1"])(
    "%j decides nothing",
    (line) => {
      expect(parseReviewCommand(line)).toEqual({ do: "unknown", said: line.split(" ")[0] });
    },
  );

  test("whatever it is, it is read, and decides only by its first word", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (line) => {
        const command = parseReviewCommand(line);
        const decides = command.do === "approve" || command.do === "reject" || command.do === "modify";
        expect(decides && !/^\s*(a|approve|r|reject|m|modify)(\s|$)/iu.test(line)).toBe(false);
      }),
    );
  });

  test("a quoted value comes back as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const command = parseReviewCommand(`modify memo=${JSON.stringify(value)}`);
        expect(command).toEqual({ do: "modify", number: null, changes: { memo: value } });
      }),
    );
  });
});

test("the help fits a terminal of 80 columns and names every command", () => {
  const lines = REVIEW_HELP.split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  for (const word of ["list", "show", "approve", "modify", "reject", "skip", "quit"])
    expect(REVIEW_HELP).toContain(`  ${word} `);
});
