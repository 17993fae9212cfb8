import { describe, expect, test } from "vitest";
import { AssentError } from "../../src/model/error.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import { nearestWord } from "../../src/policy/problems.js";
import { POLICY_LIMITS } from "../../src/policy/source.js";

function refusal(load: () => unknown): AssentError {
  try {
    load();
  } catch (error) {
    if (AssentError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("the policy was loaded");
}

const textRefusal = (text: string): AssentError => refusal(() => parsePolicy(text, { file: "p.yaml" }));
const objectRefusal = (source: unknown): AssentError => refusal(() => policy(source as never));

/** A policy whose one rule has this `when`; its condition begins at line 4, column 11. */
const when = (condition: string): string => `default: { route: review }
rules:
  - id: it
    when: ${condition}
    route: review`;

const FACTS = "action, agent, amount, confidence, novelty, risk, tags, all, any, not, time, cumulative, rate, cel";
const AMOUNT =
  "an amount such as `50 USD` or `{ value: 50, currency: USD }`: a number of at least 0 and three capital letters";

describe("a problem says where, what was expected and what was seen", () => {
  test.each([
    // the whole
    ["", "1:1 $: expected a policy such as `{ default: { route: review } }`; seen null"],
    ["hello", '1:1 $: expected a policy such as `{ default: { route: review } }`; seen "hello"'],
    ["version: 2", "1:1 $: expected `default`; it is missing: write `default: { route: review }`"],
    ["default: review", '1:10 $.default: expected the default, such as `{ route: review }`; seen "review"'],
    [
      "default: {}",
      "1:10 $.default: expected `route` (execute, flag, veto, clarify, review, suggest, block); it is missing",
    ],
    [
      "default: { route: review }\nrulse: []",
      "2:1 $.rulse: expected a key of the policy (version, facts, rules, default, sample, timeZone); seen `rulse`: did you mean `rules`?",
    ],
    ["default: { route: review }\nversion: 0", "2:10 $.version: expected a whole number from 1; seen 0"],
    ["default: { route: review }\nversion: 1.5", "2:10 $.version: expected a whole number from 1; seen 1.5"],
    ["default: { route: review }\nversion: one", '2:10 $.version: expected a whole number from 1; seen "one"'],
    ["default: { route: review }\nrules: { id: a }", '2:8 $.rules: expected a list of rules; seen {"id":"a"}'],

    // facts
    [
      "default: { route: review }\nfacts: [customer]",
      '2:8 $.facts: expected the declared facts by name, such as `{ customer: { type: string } }`; seen ["customer"]',
    ],
    [
      "default: { route: review }\nfacts: { a: string }",
      '2:13 $.facts.a: expected a declaration such as `{ type: string }`; seen "string"',
    ],
    ["default: { route: review }\nfacts: { a: {} }", "2:13 $.facts.a: expected `type`; it is missing"],
    [
      "default: { route: review }\nfacts: { a: { type: strin } }",
      "2:21 $.facts.a.type: expected a type (string, number, boolean, tags); seen `strin`: did you mean `string`?",
    ],
    [
      "default: { route: review }\nfacts: { risk: { type: number } }",
      "2:10 $.facts.risk: `risk` is built in; leave its declaration out",
    ],
    [
      "default: { route: review }\nfacts: { any: { type: number } }",
      "2:10 $.facts.any: `any` is a word of the policy itself; rename the fact",
    ],
    [
      "default: { route: review }\nfacts: { __proto__: { type: number } }",
      '2:10 $.facts.__proto__: expected a fact\'s name (a letter, then letters, digits, `_`, `-`); seen "__proto__"',
    ],
    [
      "default: { route: review }\nfacts: { a: { type: string, min: 1 } }",
      "2:34 $.facts.a.min: `min` is for facts of type number; this one is a string",
    ],
    [
      "default: { route: review }\nfacts: { a: { type: number, min: 2, max: 1 } }",
      "2:13 $.facts.a: expected `min` to be at most `max`; seen min 2, max 1",
    ],
    [
      "default: { route: review }\nfacts: { a: { type: number, max: .inf } }",
      "2:34 $.facts.a.max: expected a finite number; seen Infinity",
    ],
    [
      "default: { route: review }\nfacts: { a: { type: number, risk: upp } }",
      "2:35 $.facts.a.risk: expected a direction of risk (up, down); seen `upp`: did you mean `up`?",
    ],

    // rules
    [
      "default: { route: review }\nrules: [a]",
      '2:9 $.rules[0]: expected a rule such as `{ id: large, when: { amount: { gt: 100 USD } }, route: review }`; seen "a"',
    ],
    ["default: { route: review }\nrules: [{ route: flag }]", "2:9 $.rules[0]: expected `id`; it is missing"],
    [
      "default: { route: review }\nrules: [{ id: 7, route: flag }]",
      "2:15 $.rules[0].id: expected an id (a text on one line, 1 to 100 visible characters); seen 7",
    ],
    [
      'default: { route: review }\nrules: [{ id: "a\\u202Eb", route: flag }]',
      '2:15 $.rules[0].id: expected an id (a text on one line, 1 to 100 visible characters); seen "a⟦U+202E⟧b"',
    ],
    [
      "default: { route: review }\nrules:\n  - { id: a, route: flag }\n  - { id: a, route: flag }",
      '4:11 $.rules[1].id: expected an id of its own; seen "a", as at $.rules[0].id in line 3',
    ],
    [
      "default: { route: review }\nrules: [{ id: a }]",
      "2:9 $.rules[0]: expected `route` (execute, flag, veto, clarify, review, suggest, block); it is missing",
    ],
    [
      "default: { route: review }\nrules: [{ id: a, route: reviw }]",
      "2:25 $.rules[0].route: expected a route (execute, flag, veto, clarify, review, suggest, block); seen `reviw`: did you mean `review`?",
    ],
    [
      "default: { route: review }\nrules: [{ id: a, wen: {}, route: flag }]",
      "2:18 $.rules[0].wen: expected a key of a rule (id, action, agent, when, route, review, explain); seen `wen`: did you mean `when`?",
    ],
    [
      "default: { route: review }\nrules: [{ id: a, action: [], route: flag }]",
      "2:26 $.rules[0].action: expected an action's name or a list of them, at least one; seen []",
    ],
    [
      "default: { route: review }\nrules: [{ id: a, action: [b, b], route: flag }]",
      '2:30 $.rules[0].action[1]: expected an action\'s name not yet in this list; seen "b"',
    ],
    [
      "default: { route: review }\nrules: [{ id: a, agent: 1, route: flag }]",
      "2:25 $.rules[0].agent: expected an agent's name (a text on one line, 1 to 100 visible characters); seen 1",
    ],
    [
      'default: { route: review }\nrules: [{ id: a, explain: "", route: flag }]',
      '2:27 $.rules[0].explain: expected a sentence (1 to 500 visible characters); seen ""',
    ],

    // conditions
    [
      when("{ confidance: { lt: 0.7 } }"),
      `4:13 $.rules[0].when.confidance: expected a declared fact or a word of conditions (${FACTS}); ` +
        "seen `confidance`: did you mean `confidence`?",
    ],
    [
      when("{ toString: { lt: 0.7 } }"),
      `4:13 $.rules[0].when.toString: expected a declared fact or a word of conditions (${FACTS}); seen \`toString\``,
    ],
    [when("{}"), "4:11 $.rules[0].when: expected a condition; a rule without `when` matches always; seen {}"],
    [
      when("[{ risk: { gt: 0.5 } }]"),
      "4:11 $.rules[0].when: expected a condition such as `{ confidence: { lt: 0.7 } }`; several alternatives go " +
        'under `any`; seen [{"risk":{"gt":0.5}}]',
    ],
    [when("{ all: [] }"), "4:18 $.rules[0].when.all: expected a list of conditions, at least one; seen []"],
    [
      when("{ any: { risk: { gt: 0.5 } } }"),
      '4:18 $.rules[0].when.any: expected a list of conditions, at least one; seen {"risk":{"gt":0.5}}',
    ],
    [
      when("{ confidence: 0.7 }"),
      "4:25 $.rules[0].when.confidence: expected a test of `confidence` such as `{ gte: 0.7 }`; seen 0.7",
    ],
    [
      when("{ confidence: {} }"),
      "4:25 $.rules[0].when.confidence: expected a test of `confidence` such as `{ gte: 0.7 }`; seen {}",
    ],
    [
      when("{ confidence: { ltt: 0.7 } }"),
      "4:27 $.rules[0].when.confidence.ltt: expected an operator for `confidence` (gt, gte, lt, lte, eq, in); " +
        "seen `ltt`: did you mean `lt`?",
    ],
    [
      when("{ tags: { eq: a } }"),
      "4:21 $.rules[0].when.tags.eq: expected an operator for `tags` (has, hasAny); seen `eq`",
    ],
    [
      when("{ action: { gt: a } }"),
      "4:23 $.rules[0].when.action.gt: expected an operator for `action` (eq, in); seen `gt`",
    ],
    [
      when('{ confidence: { lt: "0.7" } }'),
      '4:31 $.rules[0].when.confidence.lt: expected a number from 0 to 1; seen "0.7"',
    ],
    [when("{ confidence: { lt: 70 } }"), "4:31 $.rules[0].when.confidence.lt: expected a number from 0 to 1; seen 70"],
    [when("{ risk: { lt: .nan } }"), "4:25 $.rules[0].when.risk.lt: expected a number from 0 to 1; seen NaN"],
    [when("{ amount: { lt: 50 } }"), `4:27 $.rules[0].when.amount.lt: expected ${AMOUNT}; seen 50`],
    [when("{ amount: { lt: 50USD } }"), `4:27 $.rules[0].when.amount.lt: expected ${AMOUNT}; seen "50USD"`],
    [when("{ amount: { lt: 50 usd } }"), `4:27 $.rules[0].when.amount.lt: expected ${AMOUNT}; seen "50 usd"`],
    [when("{ amount: { lt: -1 USD } }"), `4:27 $.rules[0].when.amount.lt: expected ${AMOUNT}; seen "-1 USD"`],
    [when("{ amount: { lt: { value: 5 } } }"), `4:27 $.rules[0].when.amount.lt: expected ${AMOUNT}; seen {"value":5}`],
    [
      when("{ amount: { lt: { value: -5, currency: USD } } }"),
      "4:36 $.rules[0].when.amount.lt.value: expected a finite number of at least 0; seen -5",
    ],
    [when("{ amount: { gt: 1 USD, lt: 5 EUR } }"), "4:21 $.rules[0].when.amount: expected one currency; seen USD, EUR"],
    [when("{ action: { eq: 1 } }"), "4:27 $.rules[0].when.action.eq: expected a string; seen 1"],
    [
      when("{ action: { in: a } }"),
      '4:27 $.rules[0].when.action.in: expected a list of strings, at least one; seen "a"',
    ],
    [when("{ risk: { in: [] } }"), "4:25 $.rules[0].when.risk.in: expected a list of numbers, at least one; seen []"],
    [when("{ risk: { in: [0.5, 2] } }"), "4:31 $.rules[0].when.risk.in[1]: expected a number from 0 to 1; seen 2"],
    [when("{ tags: { has: [a, 1] } }"), "4:30 $.rules[0].when.tags.has[1]: expected a string; seen 1"],
    [when("{ tags: { has: 1 } }"), "4:26 $.rules[0].when.tags.has: expected a string; seen 1"],
    [when('{ action: { eq: "\\ud800" } }'), '4:27 $.rules[0].when.action.eq: expected a string; seen "\\ud800"'],

    // YAML
    [
      "rules: [",
      "1:9 $: expected YAML or JSON; Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      "default: { route: review }\n---\na: 1",
      "2:1 $: expected YAML or JSON; A policy is one document; this text has several",
    ],
    [
      "default: { route: review }\ndefault: { route: block }",
      "2:1 $.default: expected each key once; seen `default` again, as in line 1",
    ],
    ["default: &a { route: review }", "1:13 $.default: expected a value without an anchor; seen `&a`"],
    ["default: { route: *a }", "1:19 $.default.route: expected a value; aliases such as `*a` are refused"],
    ["default: { route: !x review }", "1:22 $.default.route: expected a value without a tag; seen `!x`"],
    [
      "default: { route: !!str review }",
      "1:25 $.default.route: expected a value without a tag; seen `tag:yaml.org,2002:str`",
    ],
    [
      "default: { route: review, <<: { route: block } }",
      '1:27 $.default["<<"]: expected a key; merge keys (`<<`) are refused, write the keys out',
    ],
    ["%YAML 1.1\n---\ndefault: { route: review }", "1:1 $: expected YAML 1.2; seen 1.1"],
    ["default: { ? [a] : b }", "1:14 $: expected YAML or JSON; With stringKeys, all keys must be strings"],
  ])("%j", (text, line) => {
    const { code, message } = textRefusal(text);
    expect(message).toBe(`p.yaml cannot be loaded, 1 problem:\n  p.yaml:${line}`);
    expect(code).toBe("policy_invalid");
  });

  test("JSON text has lines and columns too", () => {
    const { message } = textRefusal('{\n\t"default": { "route": "review" },\n\t"version": "2"\n}');
    expect(message).toContain('p.yaml:3:13 $.version: expected a whole number from 1; seen "2"');
  });

  test("a TypeScript object has the JSON path", () => {
    const { message } = objectRefusal({
      rules: [{ id: "a", when: { any: [{ risk: { gt: Number.NaN } }, { "odd key": {} }] }, route: "flag" }],
      default: { route: "review" },
    });
    expect(message).toBe(
      "The policy cannot be loaded, 2 problems:\n" +
        "  $.rules[0].when.any[0].risk.gt: expected a number from 0 to 1; seen NaN\n" +
        `  $.rules[0].when.any[1]["odd key"]: expected a declared fact or a word of conditions (${FACTS}); seen \`odd key\``,
    );
  });

  test.each([
    [undefined, "$: expected a policy"],
    ["default: { route: review }", "$: expected a policy"],
    [() => 1, "$: expected a policy"],
    [new Map(), "$: is not a plain object"],
    [{ default: { route: "review" }, rules: new Set() }, "$.rules: is not a plain object"],
    [{ default: { route: 1n } }, "$.default.route: expected a route"],
    [{ default: { route: "review" }, rules: Array.from({ length: 20_000 }) }, "$.rules: has more than 10000 items"],
  ])("the object %o is refused", (source, problem) => {
    const { code, message } = objectRefusal(source);
    expect(code).toBe("policy_invalid");
    expect(message).toContain(`1 problem:\n  ${problem}`);
  });

  test("an object that contains itself, or throws when read, is refused", () => {
    const cycle: Record<string, unknown> = { default: { route: "review" } };
    cycle.rules = [cycle];
    expect(objectRefusal(cycle)).toMatchObject({ code: "policy_invalid" });
    const cause = new TypeError("no");
    const throwing = {
      get rules(): never {
        throw cause;
      },
    };
    expect(objectRefusal(throwing)).toMatchObject({ code: "policy_invalid", cause });
  });
});

describe("several problems", () => {
  test("are told at once, from top to bottom", () => {
    const { code, message } = textRefusal(`facts: { customer: { type: strng } }
rules:
  - id: unsure
    when: { confidance: { lt: 0.7 }, customer: { gt: 3 } }
    route: reveiw
  - { id: unsure, route: vetto }
default: { rout: review }`);
    expect(code).toBe("policy_invalid");
    expect(message.split("\n").map((line) => line.slice(0, 50))).toEqual([
      "p.yaml cannot be loaded, 7 problems:",
      "  p.yaml:1:28 $.facts.customer.type: expected a ty",
      "  p.yaml:4:13 $.rules[0].when.confidance: expected",
      "  p.yaml:5:12 $.rules[0].route: expected a route (",
      "  p.yaml:6:11 $.rules[1].id: expected an id of its",
      "  p.yaml:6:26 $.rules[1].route: expected a route (",
      "  p.yaml:7:10 $.default: expected `route` (execute",
      "  p.yaml:7:12 $.default.rout: expected a key of th",
    ]);
  });

  test("of the parser are cut short", () => {
    const { message } = textRefusal("[".repeat(5000));
    expect(message.split("\n")).toHaveLength(11);
  });
});

describe("what stands in the wrong place", () => {
  const under = (term: string): string => `under \`review\`: write \`review: { ${term}: … }\``;
  test.each([
    ["default: { route: review, stepUp: passkey }", "1:27 $.default.stepUp: `stepUp`", under("stepUp")],
    ["default: { route: review, within: PT4H }", "1:27 $.default.within: `within`", under("within")],
    ["default: { route: review, by: [] }", "1:27 $.default.by: `by`", under("by")],
    [
      "default: { route: review }\nrules: [{ id: a, route: review, quorum: 2 }]",
      "2:33 $.rules[0].quorum: `quorum`",
      under("quorum"),
    ],
    ["default: { route: review }\nreview: {}", "2:1 $.review: `review`", "under `default`, or in a rule"],
    [
      "default: { route: review, sample: {} }",
      "1:27 $.default.sample: `sample`",
      "beside `rules`: write it once for the whole policy",
    ],
    [
      when("{ rate: { of: count, per: agent, over: PT1H, gt: 2 } }"),
      "4:21 $.rules[0].when.rate.of: `of`",
      "under `cumulative`; a rate is always of cases",
    ],
  ])("%j says where it belongs", (text, where, place) => {
    const { code, message } = textRefusal(text);
    expect(message).toBe(`p.yaml cannot be loaded, 1 problem:\n  p.yaml:${where} belongs ${place}`);
    expect(code).toBe("policy_invalid");
  });
});

describe("limits", () => {
  const rule = (i: number): object => ({ id: `r${i}`, route: "review" });
  const nested = (levels: number): object => (levels === 1 ? { risk: { gt: 0.5 } } : { not: nested(levels - 1) });
  const withWhen = (condition: object): object => ({
    rules: [{ id: "a", when: condition, route: "review" }],
    default: { route: "review" },
  });

  test("as many rules as allowed load, one more does not", () => {
    const rules = Array.from({ length: POLICY_LIMITS.rules + 1 }, (_, i) => rule(i));
    expect(policy({ rules: rules.slice(1), default: { route: "review" } } as never).source.rules).toHaveLength(1000);
    expect(objectRefusal({ rules, default: { route: "review" } }).message).toContain(
      "$.rules: expected at most 1000 rules; seen 1001",
    );
  });

  test("a condition as deep as allowed loads, one level more does not", () => {
    expect(() => policy(withWhen(nested(POLICY_LIMITS.depth)) as never)).not.toThrow();
    expect(objectRefusal(withWhen(nested(POLICY_LIMITS.depth + 1))).message).toContain(
      `$.rules[0].when${".not".repeat(16)}: expected at most 16 levels of conditions; this one is deeper`,
    );
    expect(objectRefusal(withWhen(nested(500))).code).toBe("policy_invalid");
  });

  test("lists, texts and the whole have their limits", () => {
    const tags = Array.from({ length: POLICY_LIMITS.listItems + 1 }, (_, i) => `t${i}`);
    expect(objectRefusal(withWhen({ tags: { has: tags } })).message).toContain(
      "expected at most 1000 items; seen 1001",
    );
    expect(() => policy(withWhen({ tags: { has: tags.slice(1) } }) as never)).not.toThrow();
    const long = `default: { route: review } # ${"x".repeat(POLICY_LIMITS.textCharacters)}`;
    expect(textRefusal(long).message).toContain("p.yaml:1:1 $: expected at most 1000000 characters; seen 1000029");
    const huge = withWhen({ action: { eq: "x".repeat(POLICY_LIMITS.bytes) } });
    expect(objectRefusal(huge)).toMatchObject({ code: "policy_invalid" });
  });
});

test.each([
  ["confidance", "confidence"],
  ["CONFIDENCE", "confidence"],
  ["reivew", "review"],
  ["lesss", undefined],
  ["gte ", "gte"],
  ["x".repeat(1000), undefined],
])("the word nearest to %j is %j", (word, nearest) => {
  expect(nearestWord(word, ["confidence", "review", "gte", "lt"])).toBe(nearest);
});
