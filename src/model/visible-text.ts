// Controls, format characters, lone surrogates, line and paragraph separators, and everything a renderer draws as
// nothing (zero-width, fillers, tag characters, variation selectors).
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}]/gu;

// The two places where a hidden character is an honest part of an emoji: the text or emoji style directly after its
// base, and a joiner between two of them. Other selectors after an emoji are a way to smuggle bytes, so they are shown.
const EMOJI_PART =
  /(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]|(?<=\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}]?\uFE0F?)\u200D(?=\p{Extended_Pictographic})/uy;

/**
 * Agent text made safe for a terminal or any plain-text view: every control character (also the escape of ANSI
 * sequences and `\r`), bidirectional control, zero-width or otherwise invisible character, tag character, lone
 * surrogate and U+2028/U+2029 becomes readable, as in `⟦U+202E⟧`. Newlines and tabs stay, and so do the selector and
 * joiner inside an emoji. The same text comes out when it is applied twice. Markup is not escaped: that is the work
 * of the view that renders it.
 *
 * @example
 * ```ts
 * import { visibleText } from "assent";
 *
 * console.log(visibleText("pay\u202Eyap")); // pay⟦U+202E⟧yap
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (char, offset: number) => {
    if (char === "\n" || char === "\t") return char;
    EMOJI_PART.lastIndex = offset;
    if (EMOJI_PART.test(text)) return char;
    return `⟦U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟧`;
  });
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

// Scripts that terminals draw two columns wide, and emoji drawn as pictures.
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}\p{Emoji_Presentation}]|\uFE0F/u;

function columnsOf(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1;
}

/** How many terminal columns a line takes, counted as {@link oneLine} counts them. */
export function columnsIn(line: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(line)) columns += columnsOf(segment);
  return columns;
}

/**
 * {@link visibleText} on one line: runs of whitespace become one space, and a text wider than `maxColumns` terminal
 * columns is cut at a whole character and ends in `…`, which is counted. Wide East Asian characters and emoji count
 * two columns, everything else one.
 *
 * @example
 * ```ts
 * import { oneLine } from "assent";
 *
 * console.log(oneLine("Refund 20 USD\non order A-1001", 20)); // Refund 20 USD on or…
 * ```
 */
export function oneLine(text: string, maxColumns: number): string {
  const line = visibleText(text).replace(/\s+/gu, " ").trim();
  let columns = 0;
  // Where to cut if the line turns out too wide: the longest part that leaves a column for the ellipsis.
  let cutAt = 0;
  for (const { segment, index } of graphemes.segment(line)) {
    columns += columnsOf(segment);
    if (columns > maxColumns) return maxColumns < 1 ? "" : `${line.slice(0, cutAt)}…`;
    if (columns < maxColumns) cutAt = index + segment.length;
  }
  return line;
}
