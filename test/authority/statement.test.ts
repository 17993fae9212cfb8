import { expect, test } from "vitest";
import { memoryLedger } from "assent";
import { seatsNamed } from "../../src/authority/statement.js";
import type { Decision } from "../../src/model/decision.js";
import type { Panel } from "../../src/model/requirement.js";
import { asked, decideRequest, moment, reviewer } from "../../src/testing/ledger-contract/specimens.js";

const managers: Panel = { rule: null, by: [{ role: "manager" }], quorum: "majority", tieBreak: "reject" };
const directors: Panel = { ...managers, by: [{ role: "director" }] };
const held = await asked(memoryLedger());

/** A vote that names so many seats of managers. */
function vote(id: string, of: number | null, seconds: number): Decision {
  const seats = of === null ? {} : { seats: [{ by: managers.by, of }] };
  return decideRequest(held, "approve", { by: reviewer(id), at: moment(seconds), ...seats }).decision;
}

test("the seats are those that the last vote names, whichever way the rows are put", () => {
  for (const [first, last] of [
    [5, 3],
    [3, 5],
  ] as const) {
    const votes = [vote("ana", first, 10), vote("bo", last, 11)];
    expect(seatsNamed(votes, [managers])).toEqual([last]);
    expect(seatsNamed(votes.toReversed(), [managers])).toEqual([last]);
  }
  expect(seatsNamed([vote("ana", 5, 10), vote("bo", 3, 10)], [managers])).toEqual([3]);
});

test("who names no seats, and what cannot be read, says nothing of them", () => {
  const unreadable = { ...vote("cy", 9, 12), statement: "{" };
  expect(seatsNamed([vote("ana", 5, 10), vote("bo", null, 11), unreadable], [managers, directors])).toEqual([5, null]);
  expect(seatsNamed([], [managers])).toEqual([null]);
});
