import { describe, expect, test } from "vitest";
import { AssentError } from "../../src/model/error.js";
import type { PolicyInput } from "../../src/model/facts.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";

const FACTS = {
  customer: { type: "string" },
  "order-id": { type: "string" },
  fraudScore: { type: "number", min: 0, max: 1 },
  vip: { type: "boolean" },
  labels: { type: "tags" },
} as const;

const INPUT: PolicyInput = {
  action: "pay",
  agent: "bot",
  facts: {
    amount: { value: 120, currency: "USD" },
    confidence: 0.8,
    customer: "c-1",
    fraudScore: 0.25,
    vip: true,
    labels: ["a", "b"],
  },
  at: "2025-01-18T23:30:00.000Z",
};

const routed = (
  cel: string,
  input: Partial<PolicyInput> = {},
  route: "block" | "flag" = "block",
): ReturnType<ReturnType<typeof policy>["evaluate"]> =>
  policy({ facts: FACTS, rules: [{ id: "it", when: { cel }, route }], default: { route: "execute" } }).evaluate({
    ...INPUT,
    ...input,
  });

function problem(cel: string, facts: object = FACTS): string {
  try {
    policy({ facts, rules: [{ id: "it", when: { cel }, route: "block" }], default: { route: "execute" } } as never);
    return "";
  } catch (error) {
    if (!AssentError.isInstance(error, "policy_invalid")) throw error;
    return error.message.split("\n  ")[1] ?? "";
  }
}

describe("an expression in CEL", () => {
  test.each([
    ["hour < 6 || hour > 22", true],
    ["hour == 23 && weekday == 'sat'", true],
    ["amount.value > 100 && amount.currency == 'USD'", true],
    ["amount.value > 120.0", false],
    ["confidence < 0.7", false],
    ["vip && customer.startsWith('c-')", true],
    ["'a' in labels && !('c' in labels)", true],
    ["labels.exists(l, l == 'b')", true],
    ["labels.filter(l, l != 'a').size() == 1", true],
    ["action == 'pay' && agent == 'bot'", true],
    ["fraudScore * 4.0 >= 1.0", true],
  ])("%s is %s", (cel, holds) => {
    expect(routed(cel).route).toBe(holds ? "block" : "execute");
  });

  test("reads the clock of the policy's time zone", () => {
    const berlin = policy({
      rules: [{ id: "it", when: { cel: "hour == 0 && weekday == 'sun'" }, route: "block" }],
      default: { route: "execute" },
      timeZone: "Europe/Berlin",
    });
    expect(berlin.evaluate(INPUT).route).toBe("block");
  });

  test("is told with what it read", () => {
    expect(routed("vip && amount.value > 100").explanation).toBe(
      'Rule "it" blocks it: "vip && amount.value > 100" holds with amount 120 USD and vip true.',
    );
  });

  test("may stand under any, all and not, beside other tests", () => {
    const when = { not: { cel: "vip" }, any: [{ cel: "hour > 22" }, { confidence: { lt: 0.5 } }] };
    const loaded = policy({ facts: FACTS, rules: [{ id: "it", when, route: "block" }], default: { route: "execute" } });
    expect(loaded.evaluate(INPUT).route).toBe("execute");
    expect(loaded.evaluate({ ...INPUT, facts: { ...INPUT.facts, vip: false } }).route).toBe("block");
  });
});

describe("what cannot be told of it asks a person", () => {
  const { vip: _vip, ...withoutVip } = INPUT.facts;
  test.each([
    ["a missing fact", "vip", { facts: withoutVip }, "vip is missing"],
    [
      "a fact that is not finite",
      "fraudScore < 0.5",
      { facts: { ...INPUT.facts, fraudScore: Number.NaN } },
      "fraudScore is NaN",
    ],
    ["no time", "hour < 6", { at: "soon" }, "the time is not known"],
    ["an error", "1 / (labels.size() - 2) > 0", {}, "fails"],
    ["a type that only shows at run time", "dyn(customer) > 1", {}, "fails"],
    [
      "too many tags",
      "'x' in labels",
      { facts: { ...INPUT.facts, labels: Array.from({ length: 1001 }, (_, i) => `l${i}`) } },
      "labels has more than 1000 entries",
    ],
  ])("%s", (_, cel, input, doubt) => {
    for (const route of ["block", "flag"] as const) {
      const routing = routed(cel, input, route);
      expect(routing).toMatchObject({ route: "review", failedClosed: true, rules: [] });
      expect(routing.explanation).toContain(doubt);
    }
  });

  test("unless the rest of the expression settles it", () => {
    expect(routed("vip || hour > 22", { facts: withoutVip }).route).toBe("block");
    expect(routed("vip && hour < 6", { facts: withoutVip }).route).toBe("execute");
  });

  test("names of objects' own members are no facts", () => {
    expect(problem("constructor == 'x'")).toContain("seen `constructor`");
    expect(routed("customer == 'c-1'", { facts: Object.create({ customer: "c-1" }) as never }).failedClosed).toBe(true);
  });
});

describe("an expression is refused at load", () => {
  const NAMES =
    "action, agent, amount, confidence, novelty, risk, tags, customer, fraudScore, labels, vip, hour, weekday";
  const at = "$.rules[0].when.cel: expected an expression in CEL that is true or false; in column";
  test.each([
    [
      "confidance < 0.7",
      `$.rules[0].when.cel: expected a declared fact in CEL, in column 1 of it (${NAMES}); seen \`confidance\`: did you mean \`confidence\`?`,
    ],
    ["amount.valu > 1", `${at} 8 of it: No such key: valu`],
    ["confidence", `${at} 1 of it: it is of type double, not true or false`],
    ["confidence == 1", `${at} 1 of it: no such overload: double == int`],
    ["vip &&", `${at} 7 of it: Unexpected token: EOF`],
    [
      "vip && customer.matches('^(a+)+$')",
      `${at} 8 of it: \`matches\` is refused, for a regular expression can take for ever; use \`startsWith\`, \`contains\` or \`==\``,
    ],
    [
      "labels.all(a, labels.exists(b, a == b))",
      `${at} 15 of it: \`exists\` inside another loop is refused, for loops in loops take too long`,
    ],
    [
      "cel.bind(x, labels, x.all(a, x.map(b, b) == x))",
      `${at} 30 of it: \`map\` inside another loop is refused, for loops in loops take too long`,
    ],
  ])("%s", (cel, text) => {
    expect(problem(cel)).toBe(text);
  });

  test("with the line, where it has several", () => {
    expect(problem("vip ||\n  hour < six")).toContain("in line 2, column 10 of it");
    expect(
      (() => {
        try {
          parsePolicy(
            "rules:\n  - id: it\n    when: { cel: hour < six }\n    route: block\ndefault: { route: execute }",
            { file: "p.yaml" },
          );
        } catch (error) {
          return (error as Error).message;
        }
        return "";
      })(),
    ).toContain("p.yaml:3:18 $.rules[0].when.cel: expected a declared fact in CEL, in column 8 of it");
  });

  test.each([
    "",
    " ",
    7,
    "vip\u202E || vip",
    "vip || ".repeat(400) + "vip",
    `${"(".repeat(60)}vip${")".repeat(60)} && ${"!".repeat(60)}vip`,
  ])("if it is empty, hidden, too long or too deep: %j", (cel) => {
    expect(problem(cel as string)).toContain("$.rules[0].when.cel: expected an expression in CEL");
  });

  test("if its clock is a fact as well", () => {
    expect(problem("hour < 6.0", { hour: { type: "number" } })).toContain(
      "`hour` in CEL is the clock's, and a declared fact of that name as well",
    );
    expect(problem("vip", { vip: { type: "boolean" }, hour: { type: "number" } })).toBe("");
  });

  test("if its rule is laxer than the default, however deep it stands", () => {
    const lax =
      (when: object, route = "flag"): (() => unknown) =>
      () =>
        policy({ rules: [{ id: "lax", when, route }], default: { route: "review" } } as never);
    const text =
      "$.rules[0]: expected a rule with `cel` to be no laxer than the default (review), since what it means for more risk cannot be told; seen flag";
    expect(lax({ cel: "risk < 0.5" })).toThrow(text);
    expect(lax({ any: [{ not: { all: [{ cel: "risk < 0.5" }] } }, { risk: { lt: 0.1 } }] })).toThrow(text);
    expect(lax({ cel: "risk < 0.5" }, "review")).not.toThrow();
    expect(() =>
      policy({
        rules: [
          { id: "lax", when: { cel: "risk < 0.5" }, route: "review", review: { within: "PT1H", otherwise: "execute" } },
        ],
        default: { route: "review" },
      }),
    ).toThrow("no laxer than the default");
  });
});

test("expressions that take long elsewhere end at once", () => {
  const long = { labels: Array.from({ length: 1000 }, () => "a".repeat(100)), customer: "a".repeat(10_000) };
  const start = performance.now();
  for (const cel of [
    "labels.all(l, l in labels)",
    "labels.all(l, customer.contains(l))",
    "labels.map(l, l + customer).size() > 1",
  ]) {
    expect(["block", "execute"]).toContain(routed(cel, { facts: { ...INPUT.facts, ...long } }).route);
  }
  expect(performance.now() - start).toBeLessThan(5_000);
});
