import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";

describe("a policy text", () => {
  test("may be any YAML or JSON of the same content, with a byte order mark, CRLF or comments", () => {
    const expected = policy({
      rules: [{ id: "a", when: { tags: { has: ["x"] } }, route: "block" }],
      default: { route: "review" },
    }).digest;
    for (const text of [
      "rules: [{ id: a, when: { tags: { has: x } }, route: block }]\ndefault: { route: review }",
      "\uFEFF# why\r\nrules:\r\n- id: 'a'\r\n  when:\r\n    tags:\r\n      has:\r\n      - x\r\n  route: block\r\ndefault:\r\n  route: review\r\n",
      '{"default":{"route":"review"},"rules":[{"id":"\\u0061","when":{"tags":{"has":["x"]}},"route":"block"}]}',
      '{\n\t"default":\t{\n\t\t"route": "review"\n\t},\n\t"rules": [\n\t{"id": "a", "when": {"tags": {"has": "x"}}, "route": "block"}\n\t]\n}\n',
    ]) {
      expect(parsePolicy(text).digest).toBe(expected);
    }
  });

  test("means by words what they say: yes, no, on and dates are strings", () => {
    const { source } = parsePolicy(
      "rules: [{ id: no, when: { action: { in: [yes, on, 2026-01-01, ~x] } }, route: flag }]\ndefault: { route: block }",
    );
    expect(source.rules[0]).toMatchObject({ id: "no", when: { action: { in: ["yes", "on", "2026-01-01", "~x"] } } });
  });

  test("takes amounts in words or in parts", () => {
    const { source } = parsePolicy(`
      rules:
        - { id: a, when: { amount: { gt: 50 USD, lte: 100.50   USD } }, route: flag }
        - { id: b, when: { amount: { eq: { value: 0, currency: EUR } } }, route: flag }
      default: { route: block }`);
    expect(source.rules.map((rule) => rule.when?.amount)).toEqual([
      { gt: { value: 50, currency: "USD" }, lte: { value: 100.5, currency: "USD" } },
      { eq: { value: 0, currency: "EUR" } },
    ]);
  });

  test("names no file if none is known", () => {
    expect(() => parsePolicy("version: 1")).toThrow("The policy cannot be loaded, 1 problem:\n  1:1 $: expected");
  });

  test("whose keys are left empty is refused, each key with its place", () => {
    expect(() => parsePolicy("rules:\ndefault:\n")).toThrow(
      / 1:7 \$\.rules: expected a list of rules; seen null\n +2:9/,
    );
    expect(() => parsePolicy("{ rules, default }")).toThrow(
      / 1:3 \$\.rules: expected a list of rules; seen null\n +1:10/,
    );
  });
});
