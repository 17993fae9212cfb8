import { describe, expect, test } from "vitest";
import { holds, isAway, Reviewer } from "../../src/model/reviewer.js";

const ana: Reviewer = {
  id: "ana",
  name: "Ana Ruiz",
  roles: ["manager"],
  groups: [],
  licences: [
    { name: "series-7", until: "2026-03-30T10:00:00Z" },
    { name: "series-24", until: null },
  ],
  training: [{ name: "aml", until: "2026-12-31T00:00:00.000Z" }],
  away: { from: "2026-03-30T10:00:00Z", until: "2026-03-31T10:00:00Z", to: "bo" },
  active: true,
};

describe("a reviewer", () => {
  test("can be read as it was written", () => {
    expect(Reviewer.parse(ana)).toEqual(ana);
    expect(Reviewer.parse({ ...ana, licences: [], training: [], away: null, active: false })).toMatchObject({
      away: null,
    });
  });

  const away = ana.away!;
  test.each<[string, Record<string, unknown>]>([
    ["no id", { id: "" }],
    ["no name", { name: "" }],
    ["a role without a name", { roles: [""] }],
    ["one role that is no list", { roles: "manager" }],
    ["groups that are missing", { groups: undefined }],
    ["a licence that is only a name", { licences: ["series-7"] }],
    ["a licence that does not say until when", { licences: [{ name: "series-7" }] }],
    ["a licence until some day", { licences: [{ name: "series-7", until: "2026-03-30" }] }],
    [
      "a licence until a time in another zone",
      { licences: [{ name: "series-7", until: "2026-03-30T10:00:00+02:00" }] },
    ],
    ["a training until a day that no calendar has", { training: [{ name: "aml", until: "2026-02-30T00:00:00Z" }] }],
    ["a licence that says more", { licences: [{ name: "series-7", until: null, state: "NY" }] }],
    ["an absence without an end", { away: { from: away.from, to: null } }],
    ["an absence that ends before it begins", { away: { ...away, until: "2026-03-30T09:59:59Z" } }],
    ["an absence that takes no time", { away: { ...away, until: away.from } }],
    ["nobody's id as a stand-in", { away: { ...away, to: "" } }],
    ["no word on whether they are active", { active: undefined }],
    ["a word too many", { email: "ana@example.com" }],
  ])("cannot be read with %s", (_, over) => {
    expect(Reviewer.safeParse({ ...ana, ...over }).success).toBe(false);
  });
});

describe("a licence or a training", () => {
  test.each([
    ["2026-03-30T09:59:59.999Z", true],
    ["2026-03-30T10:00:00Z", false],
    ["2026-03-30T10:00:00.000Z", false],
    ["2027-01-01T00:00:00Z", false],
    ["no time at all", false],
  ])("that ends at ten is held at %s: %s", (now, expected) => {
    expect(holds(ana.licences, "series-7", now)).toBe(expected);
  });

  test("that never runs out is always held, and what is not in the list never", () => {
    expect(holds(ana.licences, "series-24", "9999-01-01T00:00:00Z")).toBe(true);
    expect(holds(ana.licences, "SERIES-24", "2026-01-01T00:00:00Z")).toBe(false);
    expect(holds([], "series-24", "2026-01-01T00:00:00Z")).toBe(false);
  });

  test("that was renewed is held, wherever the one that ran out is listed", () => {
    const renewed = [...ana.licences, { name: "series-7", until: "2028-03-30T10:00:00Z" }];
    expect(holds(renewed, "series-7", "2027-01-01T00:00:00Z")).toBe(true);
    expect(holds(renewed.toReversed(), "series-7", "2027-01-01T00:00:00Z")).toBe(true);
  });
});

test.each([
  ["2026-03-30T09:59:59.999Z", false],
  ["2026-03-30T10:00:00.000Z", true],
  ["2026-03-31T09:59:59.999Z", true],
  ["2026-03-31T10:00:00Z", false],
])("somebody who is away from ten to ten is away at %s: %s", (now, expected) => {
  expect(isAway(ana, now)).toBe(expected);
  expect(isAway({ away: null }, now)).toBe(false);
});
