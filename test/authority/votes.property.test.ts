import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tally, type Electorate, type Tally, type Vote } from "../../src/authority/votes.js";
import type { Panel, Quorum, Selector } from "../../src/model/requirement.js";
import { panel, person, SENIORITY, votes } from "./people.js";
import { expectedTally } from "./reference-tally.js";

const arbitraryQuorum: fc.Arbitrary<Quorum> = fc.oneof(
  fc.constantFrom<Quorum[]>("any", "two-person", "majority", "unanimous"),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
    .map(([n, more]): Quorum => `${n}-of-${n + more}`),
);
const arbitrarySelector: fc.Arbitrary<Selector> = fc.oneof(
  fc.constantFrom(...SENIORITY).map((role) => ({ role })),
  fc.constantFrom("risk", "legal").map((group) => ({ group })),
  fc.constantFrom("a", "b").map((id) => ({ person: id })),
);
const arbitraryTieBreak = fc.constantFrom("reject", "majority", "senior");
const arbitraryPanel: fc.Arbitrary<Panel> = fc.record({
  rule: fc.constant(null),
  by: fc.array(arbitrarySelector, { maxLength: 3 }),
  quorum: arbitraryQuorum,
  tieBreak: arbitraryTieBreak,
});
const arbitraryVerdict = fc.constantFrom("approve", "reject", "abstain");
const arbitraryRoles = fc.uniqueArray(fc.constantFrom(...SENIORITY, "visitor"), { maxLength: 2 });
const arbitraryVote: fc.Arbitrary<Vote> = fc.record({
  by: fc
    .record({
      id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
      roles: arbitraryRoles,
      groups: fc.subarray(["risk", "legal"]),
      authenticator: fc.constantFrom("test", "test", "test", "other"),
    })
    .map(({ id, ...over }) => person(id, over)),
  verdict: arbitraryVerdict,
});
const arbitraryVotes = fc.array(arbitraryVote, { maxLength: 10 });

/** Votes of people who are all different. */
const arbitraryPeople = (length: number): fc.Arbitrary<Vote[]> =>
  fc
    .array(fc.record({ roles: arbitraryRoles, verdict: arbitraryVerdict }), { minLength: length, maxLength: length })
    .map((said) => said.map(({ roles, verdict }, i) => ({ by: person(`p${i}`, { roles }), verdict })));

const arbitrarySeats = fc.option(fc.integer({ min: 0, max: 6 }));
const arbitraryBallot = fc.array(arbitraryPanel, { minLength: 1, maxLength: 3 }).chain((panels) =>
  fc.record({
    panels: fc.constant(panels),
    electorate: fc.record({
      seats: fc.array(arbitrarySeats, { minLength: panels.length, maxLength: panels.length }),
      seniority: fc.constantFrom(SENIORITY, [], SENIORITY.toReversed()),
    }),
    cast: arbitraryVotes,
  }),
);

/** One panel of anybody, so that everything that is said counts in it. */
const arbitraryOnePanel = fc.record({
  quorum: arbitraryQuorum,
  tieBreak: arbitraryTieBreak,
  seats: arbitrarySeats,
  cast: fc.integer({ min: 0, max: 8 }).chain(arbitraryPeople),
});

const by = (seats: number | null): Electorate => ({ seats: [seats], seniority: SENIORITY });
const worth: Record<Tally, number> = { rejected: 0, pending: 1, approved: 2 };

test("a vote comes to what the reference says", () => {
  const met: Record<Tally, number> = { approved: 0, rejected: 0, pending: 0 };
  fc.assert(
    fc.property(arbitraryBallot, ({ panels, electorate, cast }) => {
      const came = tally(panels, cast, electorate);
      expect(came).toBe(expectedTally(panels, cast, electorate));
      met[came] += 1;
    }),
    { numRuns: 20_000 },
  );
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(1_000);
});

test("so does one on a single panel, where more is settled", () => {
  fc.assert(
    fc.property(arbitraryOnePanel, ({ quorum, tieBreak, seats, cast }) => {
      const panels = [panel(quorum, tieBreak)];
      expect(tally(panels, cast, by(seats))).toBe(expectedTally(panels, cast, by(seats)));
    }),
    { numRuns: 20_000 },
  );
});

test("what is settled stays so, whatever is said afterwards", () => {
  fc.assert(
    fc.property(arbitraryBallot, arbitraryVote, ({ panels, electorate, cast }, later) => {
      const before = tally(panels, cast, electorate);
      fc.pre(before !== "pending");
      const after = tally(panels, [...cast, later], electorate);
      // While a panel waits for others, one that has approved does not take it back.
      expect(after).toBe(before);
    }),
    { numRuns: 3_000 },
  );
});

test("who approves instead of anything else never makes it worse, unless seniority settles a tie of two", () => {
  fc.assert(
    fc.property(arbitraryOnePanel, fc.nat(), ({ quorum, tieBreak, seats, cast }, at) => {
      fc.pre(cast.length > 0 && !(quorum === "two-person" && tieBreak === "senior"));
      const better = cast.with(at % cast.length, { ...cast[at % cast.length]!, verdict: "approve" });
      const panels = [panel(quorum, tieBreak)];
      expect(worth[tally(panels, better, by(seats))]).toBeGreaterThanOrEqual(worth[tally(panels, cast, by(seats))]);
    }),
    { numRuns: 10_000 },
  );
  // There a junior's approval is the second vote, with which a rejection counts that a senior would have overruled.
  const two = [panel("two-person", "senior")];
  expect(tally(two, votes("R1 B A2 A"), by(null))).toBe("approved");
  expect(tally(two, votes("R1 A0 A2 A"), by(null))).toBe("rejected");
});

test("once all have voted, it does not matter in which order", () => {
  const all = fc
    .oneof(
      fc.record({
        quorum: fc.constantFrom<Quorum[]>("majority", "unanimous"),
        seats: fc.integer({ min: 1, max: 6 }),
      }),
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
        .map(([n, more]) => ({ quorum: `${n}-of-${n + more}` as Quorum, seats: n + more })),
    )
    .chain(({ quorum, seats }) =>
      arbitraryPeople(seats).chain((cast) =>
        fc.record({
          panels: arbitraryTieBreak.map((tieBreak) => [panel(quorum, tieBreak)]),
          seats: fc.constant(seats),
          cast: fc.constant(cast),
          shuffled: fc.shuffledSubarray(cast, { minLength: seats }),
        }),
      ),
    );
  fc.assert(
    fc.property(all, ({ panels, seats, cast, shuffled }) => {
      const came = tally(panels, cast, by(seats));
      expect(came).not.toBe("pending");
      expect(tally(panels, shuffled, by(seats))).toBe(came);
    }),
    { numRuns: 10_000 },
  );
});

test("nothing is approved without the approvals that it needs, of different people", () => {
  const least = (quorum: Quorum): number => {
    if (quorum === "two-person") return 2;
    return /^\d/.test(quorum) ? Number.parseInt(quorum, 10) : 1;
  };
  fc.assert(
    fc.property(arbitraryBallot, ({ panels, electorate, cast }) => {
      fc.pre(tally(panels, cast, electorate) === "approved");
      const yes = cast.filter(({ verdict }) => verdict === "approve");
      const people = new Set(yes.map(({ by }) => by.id));
      expect(people.size).toBeGreaterThanOrEqual(Math.max(...panels.map(({ quorum }) => least(quorum))));
    }),
    { numRuns: 2_000 },
  );
});

test("abstentions alone never approve", () => {
  fc.assert(
    fc.property(arbitraryBallot, ({ panels, electorate, cast }) => {
      const silent = cast.map((vote): Vote => ({ ...vote, verdict: "abstain" }));
      expect(tally(panels, silent, electorate)).not.toBe("approved");
    }),
    { numRuns: 3_000 },
  );
});

test("who votes again changes nothing", () => {
  fc.assert(
    fc.property(arbitraryBallot, arbitraryVerdict, fc.nat(), ({ panels, electorate, cast }, verdict, at) => {
      fc.pre(cast.length > 0);
      const again: Vote = { ...cast[at % cast.length]!, verdict };
      expect(tally(panels, [...cast, again], electorate)).toBe(tally(panels, cast, electorate));
    }),
    { numRuns: 3_000 },
  );
});
