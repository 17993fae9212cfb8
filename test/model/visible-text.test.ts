import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneLine, visibleText } from "../../src/model/visible-text.js";

// Characters worth hitting often: hidden ones, and the parts of emoji that hidden ones may join.
const troublesome = fc.constantFrom(
  ...Array.from(
    "\0\t\n\r\u001B\u007F\u009B\u00AD\u034F\u061C\u115F\u180E\u200B\u200D\u200E\u2028\u2029\u202E\u2060\u2066\u3164" +
      "\uFE0E\uFE0F\uFEFF\uFFA0\uFFF9\u{1BCA0}\u{E0001}\u{E0041}\u{E0100}\uD800\uDC00👩💻👍\u{1F3FD}❤a 漢",
  ),
);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
  fc.array(troublesome).map((parts) => parts.join("")),
);
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const EMOJI_PARTS = /(\p{Extended_Pictographic})[\uFE0E\uFE0F]|\u200D(?=\p{Extended_Pictographic})/gu;

describe("agent text made visible", () => {
  it.each([
    ["\u001B[31mred\u001B[0m", "⟦U+001B⟧[31mred⟦U+001B⟧[0m"],
    ["\u009B2J", "⟦U+009B⟧2J"],
    ["pay\rPAID", "pay⟦U+000D⟧PAID"],
    ["\0\u007F\b", "⟦U+0000⟧⟦U+007F⟧⟦U+0008⟧"],
    ["invoice\u202Efdp.exe", "invoice⟦U+202E⟧fdp.exe"],
    ["\u2066\u2069\u200E\u061C", "⟦U+2066⟧⟦U+2069⟧⟦U+200E⟧⟦U+061C⟧"],
    ["a\u200Bb\u200Cc\u2060d\uFEFFe\u00ADf", "a⟦U+200B⟧b⟦U+200C⟧c⟦U+2060⟧d⟦U+FEFF⟧e⟦U+00AD⟧f"],
    ["\u{E0068}\u{E0069}", "⟦U+E0068⟧⟦U+E0069⟧"],
    ["\u3164\u115F\u034F", "⟦U+3164⟧⟦U+115F⟧⟦U+034F⟧"],
    ["a\u2028b\u2029c", "a⟦U+2028⟧b⟦U+2029⟧c"],
    ["\uD83D!\uDE00", "⟦U+D83D⟧!⟦U+DE00⟧"],
    ["a\uFE0F", "a⟦U+FE0F⟧"],
    ["😀\u{E0100}\u{E0101}", "😀⟦U+E0100⟧⟦U+E0101⟧"],
    ["❤\uFE0F\uFE0F\uFE00", "❤\uFE0F⟦U+FE0F⟧⟦U+FE00⟧"],
    ["a\u200Db 😀\u200D", "a⟦U+200D⟧b 😀⟦U+200D⟧"],
  ])("%j reads %s", (text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });

  it.each(["two\nlines\tand a tab", "naïve Ελλάδα שלום 漢字 नमस्ते", "❤️ 👩‍💻 👩🏽‍🚀 👨‍👩‍👧 ❤️‍🔥 🇩🇪 ©️"])(
    "leaves %j alone",
    (text) => {
      expect(visibleText(text)).toBe(text);
    },
  );

  it("holds no hidden character but those of an emoji, whatever comes in", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const rest = visibleText(text)
          .replaceAll(/[\n\t]/g, "")
          .replaceAll(EMOJI_PARTS, "$1");
        expect(rest).not.toMatch(HIDDEN);
      }),
      { numRuns: 1000 },
    );
  });

  it("is the same when made visible twice", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visibleText(visibleText(text))).toBe(visibleText(text));
      }),
    );
  });
});

describe("one line", () => {
  it.each([
    ["  two\n\n lines\tand   more ", 40, "two lines and more"],
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["abcdef", 1, "…"],
    ["abcdef", 0, ""],
    ["", 0, ""],
    ["漢字漢字", 8, "漢字漢字"],
    ["漢字漢字", 7, "漢字漢…"],
    ["漢字漢字", 6, "漢字…"],
    ["한국어", 5, "한국…"],
    ["👩‍💻👩‍💻", 4, "👩‍💻👩‍💻"],
    ["👩‍💻👩‍💻", 3, "👩‍💻…"],
    ["❤️❤️", 3, "❤️…"],
    ["🇩🇪🇫🇷", 3, "🇩🇪…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["x\u202Ey", 40, "x⟦U+202E⟧y"],
  ])("of %j in %i columns is %j", (text, columns, expected) => {
    expect(oneLine(text, columns)).toBe(expected);
  });

  it("never has a line break or more characters than columns", () => {
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    fc.assert(
      fc.property(anyText, fc.nat(30), (text, columns) => {
        const line = oneLine(text, columns);
        expect(line).not.toMatch(/[\n\t]/);
        expect([...graphemes.segment(line)].length).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
