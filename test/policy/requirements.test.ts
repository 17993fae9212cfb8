import { describe, expect, test } from "vitest";
import { ONE_PERSON } from "../../src/model/requirement.js";
import { ROUTES, type Routing } from "../../src/model/routing.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import { merged } from "../../src/policy/requirements.js";
import type { ReviewTerms } from "../../src/policy/review-terms.js";
import { unjudged } from "./unjudged.js";

const HOUR = 3_600_000;
const ask = { action: "pay", agent: "bot", facts: {} };

/** The routing where rules of route review with these terms all match. */
function together(...terms: (ReviewTerms | undefined)[]): Routing {
  const rules = terms.map((review, i) => ({ id: `r${i}`, route: "review" as const, ...(review && { review }) }));
  return unjudged({ rules, default: { route: "execute" } }).evaluate(ask);
}

const of = (...terms: (ReviewTerms | undefined)[]): Routing["requires"] => together(...terms).requires;
const role = (name: string): { role: string } => ({ role: name });

describe("what one rule asks of people", () => {
  test("comes with the routing in full, durations in milliseconds", () => {
    const { requires } = parsePolicy(`
      rules:
        - id: large
          route: review
          review:
            by: [ { role: manager }, { group: finance }, { person: ana } ]
            quorum: 2-of-3
            tieBreak: senior
            within: PT90M
            otherwise: escalate
            escalateTo: [ { by: [ { role: head } ], within: P1D }, { by: [ { person: cfo } ] } ]
            stepUp: passkey
            reasonCodes: [ verified, known ]
            show: [ order ]
      default: { route: execute }`).evaluate(ask);
    expect(requires).toEqual({
      panels: [
        {
          rule: "large",
          by: [role("manager"), { group: "finance" }, { person: "ana" }],
          quorum: "2-of-3",
          tieBreak: "senior",
        },
      ],
      withinMs: 1.5 * HOUR,
      otherwise: "escalate",
      escalateTo: [
        { by: [role("head")], withinMs: 24 * HOUR, otherwise: "escalate" },
        { by: [{ person: "cfo" }], withinMs: null, otherwise: "hold" },
      ],
      windowMs: null,
      stepUp: "passkey",
      reasonCodes: ["verified", "known"],
      answer: null,
      show: ["order"],
    });
  });

  test("is left out where it is nothing in particular, and for routes that ask nobody", () => {
    for (const review of [undefined, { quorum: "any" }, { otherwise: "hold", tieBreak: "senior" }] as const) {
      expect(together(review)).not.toHaveProperty("requires");
    }
    for (const route of ["execute", "flag", "block"] as const) {
      const loaded = policy({ rules: [{ id: "a", route }], default: { route: "review", review: { by: [role("x")] } } });
      if (route === "block") expect(loaded.evaluate(ask)).not.toHaveProperty("requires");
    }
  });

  test("is for a veto the window and who may object, for a clarification the form", () => {
    const both = parsePolicy(`
      rules:
        - { id: wait, action: pay, route: veto, review: { window: PT30M, by: [ { role: desk } ] } }
        - { id: ask, action: mail, route: clarify, review: { answer: { type: object, properties: { until: { type: string } } } } }
      default: { route: execute }`);
    expect(both.evaluate(ask)).toMatchObject({ route: "veto", requires: { windowMs: HOUR / 2, otherwise: "hold" } });
    expect(both.evaluate({ ...ask, action: "mail" })).toMatchObject({
      route: "clarify",
      requires: { answer: { properties: { until: { type: "string" } }, type: "object" }, windowMs: null },
    });
  });
});

describe("a rule that asks for nothing of its own", () => {
  const byDefault = { by: [role("reviewer")], within: "PT24H" } as const;

  test("asks for what the default of the same route asks for", () => {
    const loaded = policy({
      rules: [
        { id: "odd", action: "pay", route: "review" },
        { id: "strange", action: "mail", route: "suggest" },
      ],
      default: { route: "review", review: byDefault },
    });
    expect(loaded.evaluate(ask).requires).toMatchObject({
      panels: [{ rule: null, by: [role("reviewer")] }],
      withinMs: 24 * HOUR,
    });
    expect(loaded.evaluate({ ...ask, action: "mail" })).not.toHaveProperty("requires");
  });

  test("makes others hold, for it names no deadline", () => {
    expect(of({ within: "PT1H", otherwise: "execute" }, undefined)).toMatchObject({
      otherwise: "hold",
      withinMs: HOUR,
    });
  });
});

describe("what several rules of the deciding route ask together", () => {
  test("is every panel once, whoever asks for it", () => {
    const desk = { by: [role("a"), role("b")] };
    expect(of(desk, { by: [role("b"), role("a")] }, { by: [role("c")] })?.panels).toEqual([
      { rule: "r0", by: [role("a"), role("b")], quorum: "any", tieBreak: "reject" },
      { rule: "r2", by: [role("c")], quorum: "any", tieBreak: "reject" },
    ]);
  });

  test("leaves out a panel that another one settles", () => {
    expect(of({ by: [role("a")] }, { by: [role("a")], quorum: "two-person" })?.panels).toHaveLength(1);
    expect(of({ by: [role("a")] }, { quorum: "any", within: "PT1H" })?.panels).toEqual([
      { rule: "r0", by: [role("a")], quorum: "any", tieBreak: "reject" },
    ]);
    expect(of({ by: [role("a")], quorum: "majority" }, { by: [role("a")], quorum: "two-person" })?.panels).toHaveLength(
      2,
    );
  });

  test("has the earliest deadline and the strictest fallback", () => {
    const at = (within: "PT1H" | "PT2H", otherwise: ReviewTerms["otherwise"]): ReviewTerms => ({
      within,
      otherwise: otherwise ?? "hold",
    });
    const order = ["hold", "reject", "execute"] as const;
    for (const [i, strict] of order.entries())
      for (const lax of order.slice(i)) {
        expect(of(at("PT2H", strict), at("PT1H", lax))).toMatchObject({ withinMs: HOUR, otherwise: strict });
        expect(of(at("PT2H", lax), at("PT1H", strict))).toMatchObject({ withinMs: HOUR, otherwise: strict });
      }
  });

  test("escalates where all who escalate do it alike, and is held where they do not", () => {
    const to = (name: string): ReviewTerms => ({
      within: "PT1H",
      otherwise: "escalate",
      escalateTo: [{ by: [role(name)] }],
    });
    expect(of(to("head"), to("head"), { within: "PT1H", otherwise: "execute" })).toMatchObject({
      otherwise: "escalate",
      escalateTo: [{ by: [role("head")] }],
    });
    expect(of(to("head"), to("boss"))).toMatchObject({ otherwise: "hold", escalateTo: [] });
    expect(of(to("head"), { within: "PT1H", otherwise: "reject" })).toMatchObject({
      otherwise: "reject",
      escalateTo: [],
    });
  });

  test("has the strongest step-up, what any wants shown, and a reason that all allow", () => {
    expect(of({ stepUp: "otp" }, { stepUp: "passkey" }, { stepUp: "password" })?.stepUp).toBe("passkey");
    expect(of({ show: ["b", "a"] }, { show: ["c", "a"] })?.show).toEqual(["a", "b", "c"]);
    expect(of({ reasonCodes: ["x", "y"] }, { reasonCodes: ["y", "z"] }, { by: [role("a")] })?.reasonCodes).toEqual([
      "y",
    ]);
    // With no reason in common nobody could decide at all.
    expect(of({ reasonCodes: ["x"] }, { reasonCodes: ["z", "y"] })?.reasonCodes).toEqual(["x", "y", "z"]);
  });

  test("has the longest window to object, and an answer that satisfies every form", () => {
    const loaded = unjudged({
      rules: [
        { id: "a", action: "pay", route: "veto", review: { window: "PT30M" } },
        { id: "b", action: "pay", route: "veto", review: { window: "PT2H" } },
        { id: "c", action: "mail", route: "clarify", review: { answer: { type: "string" } } },
        { id: "d", action: "mail", route: "clarify", review: { answer: { type: "string", minLength: 1 } } },
        { id: "e", action: "mail", route: "clarify", review: { answer: { type: "string" } } },
      ],
      default: { route: "execute" },
    });
    expect(loaded.evaluate(ask).requires?.windowMs).toBe(2 * HOUR);
    expect(loaded.evaluate({ ...ask, action: "mail" }).requires?.answer).toEqual({
      allOf: [{ minLength: 1, type: "string" }, { type: "string" }],
    });
  });

  test("excludes everybody whom any of them excludes, once", () => {
    const excluding = (...excludes: string[]) => ({ ...ONE_PERSON, excludes });
    expect(merged([excluding("bo", "ana"), ONE_PERSON, excluding("ana")]).excludes).toEqual(["ana", "bo"]);
    expect(merged([ONE_PERSON, ONE_PERSON])).not.toHaveProperty("excludes");
  });

  test("leaves out laxer rules and the default", () => {
    const loaded = policy({
      rules: [
        { id: "a", route: "veto", review: { window: "PT1H", by: [role("lax")] } },
        { id: "b", route: "review", review: { by: [role("strict")] } },
      ],
      default: { route: "review", review: { by: [role("default")] } },
    });
    expect(loaded.evaluate(ask).requires?.panels.map(({ by }) => by)).toEqual([[role("strict")]]);
  });
});

describe("a review that fails closed", () => {
  const unclear = { id: "x", when: { risk: { gt: 0.5 } }, route: "block" } as const;

  test("asks whom the default asks", () => {
    const loaded = policy({ rules: [unclear], default: { route: "review", review: { by: [role("reviewer")] } } });
    expect(loaded.evaluate(ask)).toMatchObject({
      failedClosed: true,
      requires: { panels: [{ rule: null, by: [role("reviewer")] }] },
    });
  });

  test("asks one person where the default is no review", () => {
    for (const fallback of [{ route: "execute" }, { route: "clarify", review: { by: [role("author")] } }] as const) {
      const routing = policy({ rules: [unclear], default: fallback }).evaluate(ask);
      expect(routing).toMatchObject({ route: "review", failedClosed: true });
      expect(routing.requires ?? ONE_PERSON).toEqual(ONE_PERSON);
    }
  });

  test("never executes by itself, whatever the default or a matching rule says", () => {
    const lax = { within: "PT1H", otherwise: "execute" } as const;
    const byDefault = policy({ rules: [unclear], default: { route: "review", review: lax } });
    expect(byDefault.evaluate(ask).requires).toMatchObject({ withinMs: HOUR, otherwise: "hold" });
    expect(byDefault.evaluate({ ...ask, facts: { risk: 0 } }).requires?.otherwise).toBe("execute");
    const byRule = policy({
      rules: [unclear, { id: "y", route: "review", review: lax }],
      default: { route: "execute" },
    });
    expect(byRule.evaluate(ask)).toMatchObject({ rules: ["y"], failedClosed: true, requires: { otherwise: "hold" } });
  });
});

test("a share of what executes unseen is sampled, and nothing else", () => {
  for (const route of ROUTES) {
    const review = route === "veto" ? { review: { window: "PT1H" as const } } : {};
    const loaded = policy({ default: { route, ...review }, sample: { executed: 0.02 } });
    expect(loaded.evaluate(ask).sample).toBe(route === "execute" || route === "veto" ? 0.02 : undefined);
    expect(loaded.source.sample).toEqual({ executed: 0.02, for: "second-look" });
  }
});

test("what is written in other words is the same policy", () => {
  const digests = [
    { by: [role("a")], within: "PT24H" },
    { by: [role("a")], within: "P1D", quorum: "any", otherwise: "hold", tieBreak: "reject" },
  ].map((review) => policy({ default: { route: "review", review: review as ReviewTerms } }).digest);
  expect(new Set(digests).size).toBe(1);
});

test("a routing of several rules can be stored, and what it shares with others cannot be changed", () => {
  const { requires } = together({ by: [role("a")] }, { by: [role("b")] });
  expect(() => requires?.panels.push()).toThrow(TypeError);
});
