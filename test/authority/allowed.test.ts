import { describe, expect, test } from "vitest";
import { inWords, peopleOf, whyNotAllowed } from "../../src/authority/allowed.js";
import { ONE_PERSON, type Requirement, type Selector } from "../../src/model/requirement.js";

const asking = (...panels: Selector[][]): Requirement => ({
  ...ONE_PERSON,
  panels: panels.map((by) => ({ rule: null, by, quorum: "any", tieBreak: "reject" })),
  escalateTo: [{ by: [{ role: "board" }], withinMs: null, otherwise: "hold" }],
});
const of = (verdict: "approve" | "modify" | "answer" | "reject" | "revise", roles: string[], groups?: string[]) => {
  const about = { kind: "person", id: "ana", name: "Ana", authenticator: "test", level: "system" } as const;
  return { verdict, by: { ...about, roles, ...(groups === undefined ? {} : { groups }) } };
};

describe("whether a routing lets somebody say this", () => {
  test("without a requirement, or one that names nobody, anybody may", () => {
    expect(whyNotAllowed(undefined, 0, of("approve", []))).toBeNull();
    expect(whyNotAllowed(ONE_PERSON, 0, of("approve", []))).toBeNull();
  });

  test("an answer needs everybody who is asked for, and one person may be all of them", () => {
    const requires = asking([{ role: "manager" }], [{ group: "risk" }]);
    expect(whyNotAllowed(requires, 0, of("answer", ["manager"]))).toMatch(
      /Ana is none of those .* role manager, and group risk/,
    );
    expect(whyNotAllowed(requires, 0, of("answer", ["manager"], ["risk"]))).toBeNull();
  });

  test("of those whom one panel names, one is enough", () => {
    const requires = asking([{ role: "manager" }, { group: "risk" }]);
    expect(whyNotAllowed(requires, 0, of("approve", ["manager"]))).toBeNull();
    expect(whyNotAllowed(requires, 0, of("approve", [], ["risk"]))).toBeNull();
  });

  test.each(["approve", "modify", "reject", "revise"] as const)("to %s it is enough to be one of them", (verdict) => {
    const requires = asking([{ role: "manager" }], [{ group: "risk" }]);
    expect(whyNotAllowed(requires, 0, of(verdict, ["manager"]))).toBeNull();
    expect(whyNotAllowed(requires, 0, of(verdict, ["clerk"]))).not.toBeNull();
  });

  test.each(["approve", "modify", "answer", "reject", "revise"] as const)(
    "whom it excludes cannot %s, at no step",
    (verdict) => {
      const requires = { ...asking([{ role: "manager" }]), excludes: ["bo", "ana"] };
      for (const step of [0, 1]) {
        const why = whyNotAllowed(requires, step, of(verdict, ["manager", "board"]));
        expect(why).toMatch(/Ana had a part/);
      }
      const excludes = { ...requires, excludes: ["bo"] };
      expect(whyNotAllowed(excludes, 0, of(verdict, ["manager"]))).toBeNull();
    },
  );

  test("an escalated review is decided by the people of its step", () => {
    const requires = asking([{ role: "manager" }]);
    expect(whyNotAllowed(requires, 1, of("approve", ["manager"]))).not.toBeNull();
    expect(whyNotAllowed(requires, 1, of("approve", ["board"]))).toBeNull();
    expect(peopleOf(requires, 1)).toEqual([[{ role: "board" }]]);
  });

  test("a person is meant by id, and people are told in words", () => {
    expect(whyNotAllowed(asking([{ person: "ana" }]), 0, of("approve", []))).toBeNull();
    expect(inWords([{ person: "ana" }, { role: "manager" }, { group: "risk" }])).toBe(
      "ana or role manager or group risk",
    );
  });
});
