import ts from "typescript";
import { expect, test } from "vitest";
import { AssentError, ERROR_CODES } from "assent";
import { filesUnder, parse, placeOf, visit } from "./source-files.js";

/** How one place in src makes an AssentError. */
interface Thrown {
  /** The codes that its first argument may be; none if they cannot be read off. */
  codes: string[];
  place: string;
}

/** The string literals that an expression may stand for: itself, or both branches of a condition. */
function literals(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return literals(node.expression);
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  return [];
}

const files = filesUnder("src").map(parse);
const thrown: Thrown[] = [];
const words = new Set<string>();
for (const file of files.filter(({ fileName }) => !fileName.endsWith("model/error-codes.ts"))) {
  visit(file, (node) => {
    if (ts.isStringLiteralLike(node)) words.add(node.text);
    if (!ts.isNewExpression(node) || node.expression.getText() !== "AssentError") return;
    const [code] = node.arguments ?? [];
    thrown.push({ codes: code === undefined ? [] : literals(code), place: placeOf(node) });
  });
}

test("the checks see the places where errors are made", () => {
  expect(thrown.length).toBeGreaterThan(40);
  expect(thrown.filter(({ codes }) => codes.length > 0).length).toBeGreaterThan(40);
});

test("every code that is thrown is in the table", () => {
  const wrong = thrown.filter(({ codes }) => codes.some((code) => !(code in ERROR_CODES)));
  expect(wrong).toEqual([]);
});

test("every code of the table is used", () => {
  // A code may reach its error through a table or a parameter, so any string of that name counts.
  expect(Object.keys(ERROR_CODES).filter((code) => !words.has(code))).toEqual([]);
});

test("src throws nothing but AssentError", () => {
  const wrong: string[] = [];
  for (const file of files) {
    visit(file, (node) => {
      if (ts.isNewExpression(node) && /^(Error|TypeError|RangeError)$/.test(node.expression.getText())) {
        wrong.push(placeOf(node));
      }
    });
  }
  expect(wrong).toEqual([]);
});

test("every code has a sentence, an HTTP status of an error, and a verdict on trying again", () => {
  for (const [code, { http, retryable, title }] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z][^.]*[^.]$/);
    expect(new AssentError(code as keyof typeof ERROR_CODES, { what: title }).retryable).toBe(retryable);
  }
});
