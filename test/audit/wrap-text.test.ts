import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wrapText } from "../../src/audit/wrap-text.js";
import { visibleText } from "../../src/model/visible-text.js";

describe("wrapped text", () => {
  it.each([
    ["", 10, [""]],
    ["short", 10, ["short"]],
    ["exactly10!", 10, ["exactly10!"]],
    ["one two three four", 9, ["one two", "three", "four"]],
    ["one two", 7, ["one two"]],
    ["abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["  indented words here", 12, ["  indented", "words here"]],
    ["    abcdefgh", 6, ["    ab", "cdefgh"]],
    ["a\nb\n\nc", 10, ["a", "b", "", "c"]],
    ["a\tb", 10, ["a  b"]],
    ["漢字漢字", 4, ["漢字", "漢字"]],
    ["a 漢字", 4, ["a", "漢字"]],
    ["x \u202e y", 20, ["x ⟦U+202E⟧ y"]],
  ])("of %j in %i columns", (text, columns, lines) => {
    expect(wrapText(text, columns)).toEqual(lines);
  });

  it("loses nothing but spaces at the breaks, and no line is too wide", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (original, columns) => {
        const lines = wrapText(original, columns);
        const words = (each: string): string => each.replace(/\s+/gu, "");
        expect(words(lines.join(""))).toBe(words(visibleText(original)));
        expect(lines.filter((line) => graphemesIn(line) > columns)).toEqual([]);
      }),
    );
  });
});

function graphemesIn(line: string): number {
  return Array.from(new Intl.Segmenter("en").segment(line)).length;
}
