import { visibleText } from "../model/visible-text.js";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

// Whatever some terminal may draw two columns wide; counting too much only breaks a line earlier.
const MAYBE_WIDE = /[\u1100-\u115F\u2E80-\u{10FFFF}\p{Emoji_Presentation}\uFE0F]/u;

/**
 * Untrusted text as lines for a terminal: hidden characters made visible, its own line breaks kept, none wider than
 * `columns`. Lines break at spaces, within a word only where it alone is too wide.
 */
export function wrapText(text: string, columns: number): string[] {
  return visibleText(text)
    .replaceAll("\t", "  ")
    .split("\n")
    .flatMap((line) => wrapLine(line, columns));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = "";
  let width = 0;
  // Where the current line could break, as a position in it.
  let breakAt = 0;
  for (const { segment } of graphemes.segment(line)) {
    const wide = MAYBE_WIDE.test(segment) ? 2 : 1;
    if (width + wide > columns && current !== "") {
      const cut = breakAt > 0 ? breakAt : current.length;
      lines.push(current.slice(0, cut).trimEnd());
      current = current.slice(cut);
      width = widthOf(current);
      breakAt = 0;
    }
    current += segment;
    width += wide;
    // Leading spaces are indentation, not a place to break.
    if (segment === " " && current.trim() !== "") breakAt = current.length;
  }
  return [...lines, current.trimEnd()];
}

function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += MAYBE_WIDE.test(segment) ? 2 : 1;
  return width;
}
