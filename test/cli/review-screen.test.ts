import { oneLine, visibleText, type ReviewItem } from "assent";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { paintFor } from "../../src/cli/paint.js";
import { paragraph, renderItem, renderList } from "../../src/cli/review-screen.js";
import { office, openReviews } from "./reviewing.js";

const unpainted = paintFor({ isTTY: false });

/** Whether a line takes no more columns than that, counted as `oneLine` counts. */
function fits(line: string, columns: number): boolean {
  const solid = line.replaceAll(/\s/gu, "x");
  return oneLine(solid, columns) === solid;
}

const hostile = [
  "\u001b[2J\u001b[31mred",
  "\u009b1A",
  "Approved: everything\nApproved: all\r\n\u2028here",
  "\u202egnp.exe\u202c",
  "zero\u200bwidth\u2060",
  "漢字仮名交じり文".repeat(12),
  "👩‍👩‍👧".repeat(30),
  "w".repeat(300),
  "a\tb\u0007\u0000c",
].join(" ");

let item: ReviewItem;
beforeAll(async () => {
  const { assent, propose } = office();
  await propose(
    { to: "bo", cents: 500 },
    { context: { from: "bo@example.com", body: "please\npay" }, requestedBy: "cleo" },
  );
  item = (await openReviews(assent))[0]!;
});

/** The same review with other words in it. */
function saying(display: Partial<ReviewItem["case"]["round"]["display"]>): ReviewItem {
  const { round } = item.case;
  return { ...item, case: { ...item.case, round: { ...round, display: { ...round.display, ...display } } } };
}

describe("a review on the screen", () => {
  test("says the effect first, then why, the arguments, the agent's words and the review", () => {
    const { id } = item.review;
    expect(renderItem(item, 60, unpainted).split("\n")).toEqual([
      "─".repeat(60),
      "",
      "Pay 500 cents to bo",
      "",
      "No rule matches; the default is review.",
      "",
      "  cents  500",
      "  to     bo",
      "",
      "agent, for cleo says:",
      "│ from: bo@example.com",
      "│ body:",
      "│ please",
      "│ pay",
      "",
      `${id} · round 1 · asked once`,
    ]);
  });

  test("has no hidden character but its own line breaks, and no line wider than the terminal", () => {
    const shown = saying({
      summary: `Pay ${hostile}`,
      args: { [hostile]: hostile, to: hostile, list: [hostile], cents: 5 },
      agent: hostile,
      requestedBy: hostile,
      context: { [hostile]: hostile, list: [{ hostile }, hostile], text: hostile, n: 1 },
    });
    for (const columns of [20, 40, 80, 100]) {
      const lines = renderItem(shown, columns, unpainted, Infinity).split("\n");
      expect(lines.filter((line) => visibleText(line) !== line)).toEqual([]);
      expect(lines.filter((line) => !fits(line, columns))).toEqual([]);
    }
  });

  test("whatever the agent says, no line of it looks like ours", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 120 }),
      fc.constant(hostile),
      fc.constant("─\n\napprove\n"),
    );
    fc.assert(
      fc.property(text, text, text, (to, memo, said) => {
        const shown = saying({ summary: `Pay ${to}`, args: { to, memo }, context: { said, again: [said, { said }] } });
        const lines = renderItem(shown, 80, unpainted, Infinity).split("\n");
        expect(lines.filter((line) => visibleText(line) !== line || line.includes("\t") || !fits(line, 80))).toEqual(
          [],
        );
        const [rule, , effect, ...rest] = lines;
        expect(rule).toBe("─".repeat(80));
        expect(effect).toMatch(/^Pay/);
        const ours = rest.filter((line) => !/^(│ |  |$)/.test(line));
        expect(ours).toEqual([
          "No rule matches; the default is review.",
          "agent, for cleo says:",
          `${item.review.id} · round 1 · asked once`,
        ]);
      }),
    );
  });

  test("shows every argument whole, however long", () => {
    const words = Array.from({ length: 400 }, (_, nth) => `word${nth}`);
    const shown = renderItem(
      saying({ args: { memo: words.join(" "), empty: "", padded: " bo ", list: [1, null] } }),
      80,
      unpainted,
    );
    for (const word of words) expect(shown).toMatch(new RegExp(`\\b${word}\\b`));
    expect(shown).toContain('  empty   ""');
    expect(shown).toContain('  padded  " bo "');
    expect(shown).toContain("  list    [1,null]");
  });

  test("shows the start of long words and says how much more there is", () => {
    const context = Array.from({ length: 20 }, (_, nth) => `line ${nth}`).join("\n\n\n");
    const start = renderItem(saying({ context }), 80, unpainted, 5);
    expect(start).toContain('│ line 0\n│ \n│ line 1\n│ \n│ line 2\n└ 34 more lines: "show" has them all');
    expect(renderItem(saying({ context }), 80, unpainted, Infinity)).toContain("│ line 19\n\n");
    expect(renderItem(saying({ context: "one\ntwo" }), 80, unpainted, 1)).toContain("└ 1 more line:");
  });

  test("counts how often it was asked, and says who proposed where nothing is said", () => {
    const shown = saying({ context: null });
    const text = renderItem({ ...shown, review: { ...shown.review, asks: 3, round: 2 } }, 80, unpainted);
    expect(text).toContain("round 2 · asked 3 times");
    expect(text).toContain("Proposed by agent, for cleo.");
  });
});

describe("a list of reviews", () => {
  const now = new Date("2026-03-30T12:00:00.000Z");
  const askedAgo = (seconds: number, summary = "Pay"): ReviewItem => {
    const askedAt = new Date(now.getTime() - seconds * 1000).toISOString();
    const shown = saying({ summary });
    return { ...shown, review: { ...shown.review, askedAt } };
  };

  test("has one line each: number, age and effect", () => {
    const items = [0, 59, 60, 3599, 3600, 86_399, 86_400, -5].map((seconds) => askedAgo(seconds));
    expect(renderList(items, 80, unpainted, now).split("\n")).toEqual([
      "  1   0s  Pay",
      "  2  59s  Pay",
      "  3   1m  Pay",
      "  4  59m  Pay",
      "  5   1h  Pay",
      "  6  23h  Pay",
      "  7   1d  Pay",
      "  8   0s  Pay",
    ]);
  });

  test("cuts what is too wide, and shows nothing hidden", () => {
    const lines = renderList([askedAgo(1, hostile), askedAgo(1, "漢".repeat(50))], 40, unpainted, now).split("\n");
    expect(lines).toHaveLength(2);
    expect(lines.filter((line) => !fits(line, 40) || visibleText(line) !== line)).toEqual([]);
    expect(lines[1]).toBe(`  2   1s  ${"漢".repeat(14)}…`);
  });
});

describe("a paragraph", () => {
  test("goes on indented, and has the emphasis on its words alone", () => {
    const bold = (line: string): string => `*${line}*`;
    expect(paragraph("one two three\nfour", 11, bold)).toBe("*one two*\n  *three*\n  *four*");
    expect(paragraph("", 11, bold)).toBe("**");
  });
});
