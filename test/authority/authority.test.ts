import { describe, expect, test } from "vitest";
import { authority, isAuthority, NO_AUTHORITY, type AuthoritySource } from "../../src/authority/authority.js";
import { AssentError } from "../../src/model/error.js";

const full = {
  limits: [
    { role: "clerk", upTo: "500 USD" },
    { role: "manager", action: ["refund", "credit"], upTo: ["10000 USD", { value: 9000.5, currency: "EUR" }] },
    { person: "ana", action: "refund", upTo: ["40000 USD"], over: "PT24H" },
  ],
  needs: [
    { action: "close", licence: "series-7" },
    { action: ["pay", "close"], training: "aml", licence: "series-24" },
  ],
  segregation: { agentOwners: { support: ["cy", "bo"] }, policyAuthors: ["eve"] },
  seniority: ["clerk", "manager"],
} satisfies AuthoritySource;

function refused(source: unknown): AssentError {
  try {
    authority(source as AuthoritySource);
  } catch (error) {
    expect(AssentError.isInstance(error, "authority_invalid")).toBe(true);
    return error as AssentError;
  }
  return expect.unreachable("it was accepted");
}

describe("an authority document", () => {
  test("is kept in its normal form", () => {
    expect(authority(full).source).toEqual({
      limits: [
        { role: "clerk", upTo: [{ value: 500, currency: "USD" }] },
        {
          role: "manager",
          action: ["credit", "refund"],
          upTo: [
            { value: 9000.5, currency: "EUR" },
            { value: 10_000, currency: "USD" },
          ],
        },
        { person: "ana", action: ["refund"], upTo: [{ value: 40_000, currency: "USD" }], over: "P1D" },
      ],
      needs: [
        { action: ["close"], licence: "series-7" },
        { action: ["close", "pay"], licence: "series-24", training: "aml" },
      ],
      segregation: { requester: true, agentOwners: { support: ["bo", "cy"] }, policyAuthors: ["eve"] },
      seniority: ["clerk", "manager"],
    });
  });

  test("that says nothing has no limits and no needs, and excludes who asked for it", () => {
    const nothing = {
      limits: [],
      needs: [],
      segregation: { requester: true, agentOwners: {}, policyAuthors: [] },
      seniority: [],
    };
    expect(NO_AUTHORITY.source).toEqual(nothing);
    expect(authority({ limits: undefined, segregation: {}, seniority: [] }).digest).toBe(NO_AUTHORITY.digest);
    expect(authority({ segregation: { requester: false } }).digest).not.toBe(NO_AUTHORITY.digest);
  });

  test("can be loaded again from its normal form, also after JSON", () => {
    const loaded = authority(full);
    expect(authority(loaded.source).digest).toBe(loaded.digest);
    expect(authority(JSON.parse(JSON.stringify(loaded.source)) as AuthoritySource)).toEqual(loaded);
    expect(loaded.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("has the same digest however it is written, and another one if it says something else", () => {
    const { digest } = authority({ limits: [{ role: "a", action: ["x", "y"], upTo: "5 USD", over: "P7D" }] });
    const same = { over: "P1W", upTo: [{ currency: "USD", value: 5 }], action: ["y", "x"], role: "a" } as const;
    expect(authority({ limits: [same] }).digest).toBe(digest);
    expect(authority({ limits: [{ ...same, action: "x" }] }).digest).not.toBe(digest);
    expect(authority({ limits: [{ ...same, upTo: "5.01 USD" }] }).digest).not.toBe(digest);
  });

  test("is frozen throughout, and does not follow what its author changes later", () => {
    const mine = { seniority: ["clerk"], segregation: { agentOwners: { support: ["bo"] } } };
    const loaded = authority(mine);
    mine.seniority.push("manager");
    mine.segregation.agentOwners.support.pop();
    expect(loaded.source).toMatchObject({ seniority: ["clerk"], segregation: { agentOwners: { support: ["bo"] } } });
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(authority(full))).toBe(true);
    expect(frozen(NO_AUTHORITY)).toBe(true);
  });

  test("is known from what only looks like one", () => {
    expect(isAuthority(authority(full))).toBe(true);
    expect(isAuthority({ ...authority(full) })).toBe(false);
    for (const other of [null, undefined, 5, {}, full]) expect(isAuthority(other)).toBe(false);
  });
});

const limit = (over: Record<string, unknown>) => ({ limits: [{ role: "a", upTo: "5 USD", ...over }] });
const need = (over: Record<string, unknown>) => ({ needs: [{ action: "pay", licence: "x", ...over }] });
const cyclic: Record<string, unknown> = {};
cyclic["value"] = cyclic;

const bad: Record<string, [source: unknown, line: RegExp]> = {
  "nothing at all": [undefined, /^\$: expected an authority document such as .*; it is missing$/],
  null: [null, /^\$: expected an authority document such as .*; seen null$/],
  "a text": ["limits: []", /^\$: expected an authority document .*; seen "limits: \[\]"$/],
  "a list": [[], /^\$: expected an authority document .*; seen \[\]$/],
  "an instance of a class": [new Map(), /^\$: expected an authority document .*; seen \{\}$/],
  "a word that nobody knows": [
    { limit: [] },
    /^\$\.limit: expected a key of this part \(limits, needs, segregation, seniority\); seen `limit`: did you mean `limits`\?$/,
  ],
  "a hidden key": [JSON.parse('{"__proto__": {}}'), /^\$\.__proto__: expected a key of this part/],
  "limits that are no list": [
    { limits: {} },
    /^\$\.limits: expected a list of at most 1000, each a limit .*; seen \{\}$/,
  ],
  "too many limits": [
    { limits: Array.from({ length: 1001 }, () => limit({}).limits[0]) },
    /^\$\.limits: expected a list of at most 1000/,
  ],
  "a limit that is a text": [{ limits: ["5 USD"] }, /^\$\.limits\[0\]: expected a limit such as .*; seen "5 USD"$/],
  "a limit for nobody": [
    { limits: [{ upTo: "5 USD" }] },
    /^\$\.limits\[0\]: expected a limit .*, with either role or person; seen/,
  ],
  "a limit for a role and a person": [limit({ person: "ana" }), /^\$\.limits\[0\]: .* with either role or person/],
  "a limit for a role without a name": [
    limit({ role: "" }),
    /^\$\.limits\[0\]\.role: expected a role \(a text .*; seen ""$/,
  ],
  "a limit for a role with a hidden letter": [limit({ role: "a\u200b" }), /^\$\.limits\[0\]\.role: expected a role/],
  "a limit for a role of two lines": [limit({ role: "a\nb" }), /^\$\.limits\[0\]\.role: expected a role/],
  "a limit for a very long role": [limit({ role: "a".repeat(101) }), /^\$\.limits\[0\]\.role: expected a role/],
  "a limit for a number": [limit({ role: 7 }), /^\$\.limits\[0\]\.role: expected a role .*; seen 7$/],
  "a limit with a word too many": [
    limit({ upto: "6 USD" }),
    /^\$\.limits\[0\]\.upto: expected a key of this part \(role, person, action, upTo, over\); seen `upto`: did you mean `upTo`\?$/,
  ],
  "a limit of nothing": [
    { limits: [{ role: "a" }] },
    /^\$\.limits\[0\]\.upTo: expected an amount such as .*; it is missing$/,
  ],
  "a limit without a currency": [limit({ upTo: 5 }), /^\$\.limits\[0\]\.upTo: expected an amount such as .*; seen 5$/],
  "a limit in no currency": [
    limit({ upTo: "5 dollars" }),
    /^\$\.limits\[0\]\.upTo: expected an amount .*; seen "5 dollars"$/,
  ],
  "a limit below nothing": [limit({ upTo: "-5 USD" }), /^\$\.limits\[0\]\.upTo: expected an amount/],
  "a limit that is no number": [
    limit({ upTo: { value: Number.NaN, currency: "USD" } }),
    /^\$\.limits\[0\]\.upTo: expected an amount/,
  ],
  "a limit without end": [
    limit({ upTo: { value: Infinity, currency: "USD" } }),
    /^\$\.limits\[0\]\.upTo: expected an amount/,
  ],
  "a limit that is not exact": [limit({ upTo: "9007199254740993 USD" }), /^\$\.limits\[0\]\.upTo: expected an amount/],
  "an amount with a word too many": [
    limit({ upTo: { value: 5, currency: "USD", each: 1 } }),
    /^\$\.limits\[0\]\.upTo: expected an amount/,
  ],
  "an amount that contains itself": [
    limit({ upTo: cyclic }),
    /^\$\.limits\[0\]\.upTo: expected an amount .*; seen object$/,
  ],
  "no amounts": [limit({ upTo: [] }), /^\$\.limits\[0\]\.upTo: expected a list of amounts, at least one.*; seen \[\]$/],
  "an amount among others": [
    limit({ upTo: ["5 USD", "5 euro"] }),
    /^\$\.limits\[0\]\.upTo\[1\]: expected an amount .*; seen "5 euro"$/,
  ],
  "two amounts in one currency": [
    limit({ upTo: ["5 USD", "6 USD"] }),
    /^\$\.limits\[0\]\.upTo: expected .* each in a currency of its own; seen/,
  ],
  "a limit on an action without a name": [limit({ action: "" }), /^\$\.limits\[0\]\.action: expected an action's name/],
  "a limit on no action": [
    limit({ action: [] }),
    /^\$\.limits\[0\]\.action: expected a list of .* names, at least 1, each an action's name; seen \[\]$/,
  ],
  "a limit on null": [limit({ action: null }), /^\$\.limits\[0\]\.action: expected an action's name .*; seen null$/],
  "an action twice": [
    limit({ action: ["x", "y", "x"] }),
    /^\$\.limits\[0\]\.action\[2\]: expected an action's name not yet in this list; seen "x"$/,
  ],
  "an action that is a number": [
    limit({ action: ["x", 3] }),
    /^\$\.limits\[0\]\.action\[1\]: expected an action's name .*; seen 3$/,
  ],
  "a time in words": [
    limit({ over: "a day" }),
    /^\$\.limits\[0\]\.over: expected a duration such as .*; seen "a day"$/,
  ],
  "a time in milliseconds": [
    limit({ over: 86_400_000 }),
    /^\$\.limits\[0\]\.over: expected a duration .*; seen 86400000$/,
  ],
  "a time of nothing": [limit({ over: "PT0S" }), /^\$\.limits\[0\]\.over: expected a duration/],
  "a time of years": [limit({ over: "P1Y" }), /^\$\.limits\[0\]\.over: expected a duration/],
  "needs that are no list": [{ needs: "x" }, /^\$\.needs: expected a list of at most 1000, each what has to be held/],
  "a need of nothing": [{ needs: [{ action: "pay" }] }, /^\$\.needs\[0\]: expected .*, with licence or training; seen/],
  "a need for no action": [
    { needs: [{ licence: "x" }] },
    /^\$\.needs\[0\]\.action: expected an action's name .*; it is missing$/,
  ],
  "a licence without a name": [need({ licence: "" }), /^\$\.needs\[0\]\.licence: expected a licence's name/],
  "several trainings": [
    need({ training: ["a"] }),
    /^\$\.needs\[0\]\.training: expected a training's name .*; seen \["a"\]$/,
  ],
  "a need with a word of another spelling": [
    need({ license: "x" }),
    /^\$\.needs\[0\]\.license: .*; seen `license`: did you mean `licence`\?$/,
  ],
  "segregation that is a word": [
    { segregation: "on" },
    /^\$\.segregation: expected what keeps people from .*; seen "on"$/,
  ],
  "segregation that is an instance": [{ segregation: new Map() }, /^\$\.segregation: expected what keeps people/],
  "segregation of somebody else": [
    { segregation: { owner: true } },
    /^\$\.segregation\.owner: expected a key of this part/,
  ],
  "a requester in words": [
    { segregation: { requester: "no" } },
    /^\$\.segregation\.requester: expected true or false; seen "no"$/,
  ],
  "a requester that is null": [
    { segregation: { requester: null } },
    /^\$\.segregation\.requester: expected true or false; seen null$/,
  ],
  "owners as a list": [
    { segregation: { agentOwners: ["bo"] } },
    /^\$\.segregation\.agentOwners: expected ids of owners .*; seen \["bo"\]$/,
  ],
  "owners as an instance": [
    { segregation: { agentOwners: new Map([["support", ["bo"]]]) } },
    /^\$\.segregation\.agentOwners: expected ids/,
  ],
  "owners that are hidden": [
    { segregation: { agentOwners: JSON.parse('{"__proto__": ["bo"]}') } },
    /^\$\.segregation\.agentOwners: expected ids of owners .*, none named __proto__/,
  ],
  "one owner that is no list": [
    { segregation: { agentOwners: { support: "bo" } } },
    /^\$\.segregation\.agentOwners\.support: expected a list of .*; seen "bo"$/,
  ],
  "an agent without owners": [
    { segregation: { agentOwners: { support: [] } } },
    /^\$\.segregation\.agentOwners\.support: expected a list of .* at least 1/,
  ],
  "owners of an agent without a name": [
    { segregation: { agentOwners: { "": ["bo"] } } },
    /^\$\.segregation\.agentOwners\[""\]: expected ids of owners/,
  ],
  "authors that are no list": [
    { segregation: { policyAuthors: "eve" } },
    /^\$\.segregation\.policyAuthors: expected a list/,
  ],
  "an author twice": [
    { segregation: { policyAuthors: ["eve", "eve"] } },
    /^\$\.segregation\.policyAuthors\[1\]: expected a person's id not yet/,
  ],
  "a seniority that is no list": [{ seniority: "manager" }, /^\$\.seniority: expected a list of .*; seen "manager"$/],
  "a role that is senior to itself": [
    { seniority: ["a", "b", "a"] },
    /^\$\.seniority\[2\]: expected a role not yet in this list; seen "a"$/,
  ],
};

describe("an authority document is refused that has", () => {
  test.each(Object.entries(bad))("%s", (_, [source, line]) => {
    const { message, httpStatus } = refused(source);
    const [first, ...lines] = message.split("\n  ");
    expect(first).toBe("The authority document cannot be loaded, 1 problem:");
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(httpStatus).toBe(400);
  });

  test("several things wrong with it, and says all of them", () => {
    const source = {
      limits: [{ role: "a" }, { person: "ana", upTo: ["x", "y"], over: "soon" }],
      needs: [{ action: 1, license: "x", trainings: "y" }],
      senior: [],
    };
    const paths = [...refused(source).message.matchAll(/^ {2}(\$[^:]*): /gm)].map(([, path]) => path);
    expect(paths.toSorted()).toEqual([
      "$.limits[0].upTo",
      "$.limits[1].over",
      "$.limits[1].upTo[0]",
      "$.limits[1].upTo[1]",
      "$.needs[0].action",
      "$.needs[0].license",
      "$.needs[0].trainings",
      "$.senior",
    ]);
    expect(refused(source).message).toMatch(/cannot be loaded, 8 problems:/);
  });

  test("a getter that throws", () => {
    const source = {
      get limits(): never {
        throw new RangeError("not today");
      },
    };
    expect(refused(source)).toMatchObject({ cause: expect.any(RangeError) as RangeError });
  });

  test("more in it than a document may have", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(100, "€"));
    const limits = Array.from({ length: 4 }, () => ({ role: "a", action: names, upTo: "5 USD" }) as const);
    expect(refused({ limits }).message).toMatch(/It may have 1048576 bytes/);
  });

  test("text that would break the lines of the message", () => {
    const { message } = refused({ "a\nb\u001b[31m": 1 });
    expect(message.split("\n")).toHaveLength(2);
    expect(message).not.toContain("\u001b");
  });
});
