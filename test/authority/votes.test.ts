import { describe, expect, test } from "vitest";
import { needsSeats, panelsOf, tally, type Seats, type Tally, type Vote } from "../../src/authority/votes.js";
import { ONE_PERSON, type Panel, type Quorum, type Requirement, type TieBreak } from "../../src/model/requirement.js";
import { panel, person, SENIORITY, votes } from "./people.js";

const TIE_BREAKS = ["reject", "majority", "senior"] as const;

function counted(panels: Panel[], cast: readonly Vote[], seats: Seats = panels.map(() => null)): Tally {
  return tally(panels, cast, { seats, seniority: SENIORITY });
}

type Row = [votes: string, expected: Tally];

function table(quorum: Quorum, tieBreaks: readonly TieBreak[], seats: number | null, rows: Row[]): void {
  describe(`${quorum}, tie-break ${tieBreaks.join("/")}, ${seats ?? "any number of"} seats`, () => {
    test.each(tieBreaks.flatMap((tieBreak) => rows.map((row) => [...row, tieBreak] as const)))(
      "%j is %s (%s)",
      (text, expected, tieBreak) => {
        expect(counted([panel(quorum, tieBreak)], votes(text), [seats])).toBe(expected);
      },
    );
  });
}

table("any", TIE_BREAKS, null, [
  ["", "pending"],
  ["A", "approved"],
  ["R", "rejected"],
  ["B", "pending"],
  ["B B B", "pending"],
  ["B A", "approved"],
  ["B R A", "rejected"],
  ["A R R", "approved"],
  ["R2 A0", "rejected"],
]);

table("2-of-3", TIE_BREAKS, null, [
  ["", "pending"],
  ["A", "pending"],
  ["A A", "approved"],
  ["A R A", "approved"],
  ["R A A", "approved"],
  ["B A A", "approved"],
  ["R", "pending"],
  ["B", "pending"],
  ["R R", "rejected"],
  ["R B", "rejected"],
  ["B B", "rejected"],
  ["A R", "pending"],
  ["A R R", "rejected"],
  ["A R B", "rejected"],
  ["A2 R0 B0", "rejected"],
  ["R R A A A", "rejected"],
  ["A A R R R", "approved"],
]);
table("1-of-1", TIE_BREAKS, null, [
  ["A", "approved"],
  ["R", "rejected"],
  ["B", "rejected"],
]);
table("3-of-3", TIE_BREAKS, null, [
  ["A A", "pending"],
  ["A A A", "approved"],
  ["A A R", "rejected"],
  ["B", "rejected"],
]);
table("10-of-12", ["reject"], null, [
  ["A A A A A A A A A R R", "pending"],
  ["A A A A A A A A A R R A", "approved"],
  ["R B R", "rejected"],
]);
// No policy with it can be loaded; should one be recorded nevertheless, nothing runs.
table("3-of-2", TIE_BREAKS, null, [
  ["", "pending"],
  ["A", "rejected"],
]);

table("two-person", TIE_BREAKS, null, [
  ["", "pending"],
  ["A", "pending"],
  ["A A", "approved"],
  ["A B A", "approved"],
  ["B", "pending"],
  ["B B B", "pending"],
  ["A B", "pending"],
  ["A A R", "approved"],
  ["A A R R R", "approved"],
  ["R R", "rejected"],
]);
table("two-person", ["reject"], null, [
  ["R", "rejected"],
  ["A R", "rejected"],
  ["A R A", "rejected"],
  ["R A A", "rejected"],
  ["A2 R0 A0", "rejected"],
]);
table("two-person", ["majority"], null, [
  ["R", "pending"],
  ["A R", "pending"],
  ["R A", "pending"],
  ["A R A", "approved"],
  ["R A A", "approved"],
  ["A R R", "rejected"],
  ["R A R", "rejected"],
  ["R B A B A", "approved"],
]);
table("two-person", ["senior"], null, [
  ["R", "pending"],
  ["R B", "pending"],
  ["A R", "rejected"],
  ["R A", "rejected"],
  ["A1 R1", "rejected"],
  ["R1 A1 A2", "rejected"],
  ["A0 R2", "rejected"],
  ["A1 R0", "pending"],
  ["R0 A1", "pending"],
  ["A0 R", "pending"],
  ["A1 R0 A0", "approved"],
  ["R0 A1 A", "approved"],
  ["R0 R0 A2", "rejected"],
  ["A1 R0 R", "pending"],
  ["A1 R0 R1", "rejected"],
  ["A1 R0 R0 A0", "approved"],
  ["R0 B2 A0", "rejected"],
]);

table("unanimous", TIE_BREAKS, 3, [
  ["", "pending"],
  ["A A", "pending"],
  ["A A A", "approved"],
  ["A B A", "approved"],
  ["B B A", "approved"],
  ["A B B", "approved"],
  ["B B", "pending"],
  ["B B B", "rejected"],
  ["R", "rejected"],
  ["A2 A2 R0", "rejected"],
  ["A A A R", "approved"],
]);
table("majority", TIE_BREAKS, 4, [
  ["", "pending"],
  ["A A", "pending"],
  ["A A A", "approved"],
  ["R A A A", "approved"],
  ["R R", "pending"],
  ["R R R", "rejected"],
  ["B B B", "pending"],
  ["B B B B", "rejected"],
  ["A B B", "pending"],
  ["A A A R R R", "approved"],
]);
table("majority", ["reject"], 4, [
  ["A A R R", "rejected"],
  ["A A B B", "rejected"],
  ["A2 A2 B B", "rejected"],
]);
table("majority", ["majority"], 4, [
  ["A A R R", "rejected"],
  ["A A R B", "approved"],
  ["A B B B", "approved"],
  ["A R B B", "rejected"],
  ["R R A B", "rejected"],
  ["A0 A0 R2 B", "approved"],
]);
table("majority", ["senior"], 4, [
  ["A A R R", "rejected"],
  ["A2 R1 R1 B", "approved"],
  ["A1 A1 R2 B", "rejected"],
  ["A1 A0 R1 R0", "rejected"],
  ["A2 A0 R1 R0", "approved"],
  ["A0 R B B", "approved"],
  ["B2 A0 R1 B", "rejected"],
  ["A0 R2 R0", "pending"],
]);
table("majority", TIE_BREAKS, 3, [
  ["A A", "approved"],
  ["R R", "rejected"],
  ["A R", "pending"],
]);
table("majority", TIE_BREAKS, 1, [
  ["A", "approved"],
  ["R", "rejected"],
  ["B", "rejected"],
]);

describe("the seats of a panel", () => {
  test.each([null, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "%s of them are none that can be counted",
    (seats) => {
      for (const quorum of ["majority", "unanimous"] as const) {
        for (const tieBreak of TIE_BREAKS) {
          for (const cast of ["A A A", "R R R", "B B B"]) {
            expect(counted([panel(quorum, tieBreak)], votes(cast), [seats])).toBe("pending");
          }
        }
      }
    },
  );

  test("are not known where nobody says them", () => {
    expect(counted([panel("majority")], votes("A A A"), [])).toBe("pending");
  });

  test("matter for a majority and for all, and for nothing else", () => {
    const quorums = ["any", "2-of-3", "two-person", "majority", "unanimous"] as const;
    expect(quorums.filter((quorum) => needsSeats(panel(quorum)))).toEqual(["majority", "unanimous"]);
    for (const seats of [null, 0, 1, 7]) expect(counted([panel("2-of-3")], votes("A A"), [seats])).toBe("approved");
  });
});

describe("a person", () => {
  test("has one vote: the first", () => {
    expect(counted([panel("two-person")], votes("A:ana A:ana"))).toBe("pending");
    expect(counted([panel("two-person")], votes("A:ana R:ana A:bo"))).toBe("approved");
    expect(counted([panel("any")], votes("B:ana A:ana"))).toBe("pending");
    expect(counted([panel("2-of-3")], votes("R:ana R:ana A:bo A:cy"))).toBe("approved");
    expect(counted([panel("unanimous")], votes("A:ana A:ana A:ana"), [2])).toBe("pending");
  });

  test("is known by the id, not by name, roles or authenticator", () => {
    const [ana, again] = [person("ana"), person("ana", { name: "Other", roles: ["rank-2"] })];
    const elsewhere = person("ana", { authenticator: "other" });
    const approve = (by: Vote["by"]): Vote => ({ by, verdict: "approve" });
    expect(counted([panel("two-person")], [approve(ana), approve(again)])).toBe("pending");
    expect(counted([panel("two-person")], [approve(ana), approve(elsewhere)])).toBe("pending");
  });

  test("is as senior as the most senior of their roles", () => {
    const by = person("ana", { roles: ["rank-0", "rank-2", "visitor"] });
    expect(counted([panel("two-person", "senior")], [{ by, verdict: "approve" }, ...votes("R1 A")])).toBe("approved");
  });
});

describe("several panels", () => {
  const risk = panel("any", "reject", { by: [{ role: "rank-1" }] });
  const legal = panel("any", "reject", { by: [{ role: "rank-2" }] });

  test("all have to approve, and one is enough to reject", () => {
    expect(counted([risk, legal], votes("A1"))).toBe("pending");
    expect(counted([risk, legal], votes("A1 A2"))).toBe("approved");
    expect(counted([risk, legal], votes("A1 R2"))).toBe("rejected");
    expect(counted([risk, legal], votes("R2"))).toBe("rejected");
  });

  test("whoever is on none of them has no vote", () => {
    expect(counted([risk, legal], votes("R0 R A1 A2"))).toBe("approved");
    expect(counted([risk], votes("A0 A A2"))).toBe("pending");
  });

  test("a vote counts on each that its author belongs to", () => {
    const by = person("ana", { roles: ["rank-1", "rank-2"] });
    expect(counted([risk, legal], [{ by, verdict: "approve" }])).toBe("approved");
    const group = panel("any", "reject", { by: [{ group: "board" }, { person: "bo" }] });
    expect(counted([risk, group], votes("A1:bo"))).toBe("approved");
    expect(counted([group], [{ by: person("cy", { groups: ["board"] }), verdict: "approve" }])).toBe("approved");
  });

  test("one that has approved stays with it while another has not", () => {
    expect(counted([risk, legal], votes("A1 R1 A2"))).toBe("approved");
    expect(counted([panel("two-person"), legal], votes("A A R"))).toBe("pending");
  });

  test("each has seats of its own", () => {
    const two = [panel("unanimous", "reject", { by: [{ role: "rank-1" }] }), panel("majority")];
    expect(counted(two, votes("A1 A0"), [1, 4])).toBe("pending");
    expect(counted(two, votes("A1 A0 A0"), [1, 4])).toBe("approved");
    expect(counted(two, votes("A1 A0 A0"), [2, 4])).toBe("pending");
  });

  test("none at all approve nothing", () => {
    expect(counted([], votes("A A A"))).toBe("pending");
  });
});

describe("the panels of a step", () => {
  const by = [{ role: "board" }];
  const requires: Requirement = {
    ...ONE_PERSON,
    panels: [
      panel("two-person", "senior", { rule: "large", by: [{ role: "manager" }] }),
      panel("two-person", "senior", { rule: "risky", by: [{ group: "risk" }] }),
      panel("two-person", "reject", { rule: "odd" }),
      panel("majority", "senior", { rule: null, by: [{ person: "ana" }] }),
    ],
    escalateTo: [{ by, withinMs: null, otherwise: "hold" }],
  };

  test("are those of the policy at first", () => {
    expect(panelsOf(requires, 0)).toEqual(requires.panels);
  });

  test("are one of anybody where the policy asks for none", () => {
    expect(panelsOf(undefined, 0)).toEqual([panel("any")]);
    expect(panelsOf(undefined, 3)).toEqual([panel("any")]);
    expect(panelsOf({ ...requires, panels: [] }, 0)).toEqual([panel("any")]);
    expect(panelsOf({ ...requires, panels: [] }, 1)).toEqual([panel("any", "reject", { by })]);
  });

  test("are the step's people once it is escalated, by every quorum and tie-break that there was", () => {
    expect(panelsOf(requires, 1)).toEqual([
      panel("two-person", "senior", { rule: "large", by }),
      panel("two-person", "reject", { rule: "odd", by }),
      panel("majority", "senior", { rule: null, by }),
    ]);
  });

  test("are those of the policy at a step that it does not have", () => {
    expect(panelsOf(requires, 2)).toEqual(requires.panels);
  });

  test("escalation changes who decides, never how many", () => {
    const twoManagers = { ...requires, panels: requires.panels.slice(0, 2) };
    const director = (id: string): Vote => ({ by: person(id, { roles: ["board"] }), verdict: "approve" });
    const panels = panelsOf(twoManagers, 1);
    expect(counted(panels, [director("ana")])).toBe("pending");
    expect(counted(panels, [director("ana"), director("bo")])).toBe("approved");
    const manager: Vote = { by: person("cy", { roles: ["manager"], groups: ["risk"] }), verdict: "approve" };
    expect(counted(panels, [director("ana"), manager])).toBe("pending");
  });
});
