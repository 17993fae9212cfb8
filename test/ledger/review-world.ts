import * as fc from "fast-check";
import { authority, type Authority } from "../../src/authority/authority.js";
import type { Amount } from "../../src/model/facts.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import { ONE_PERSON, type Panel, type Quorum, type Requirement, type Selector } from "../../src/model/requirement.js";

/** Who has a say in the sequences, what policies ask of them and what a company lets them do. */

function person(id: string, roles: string[], groups: string[] = [], authenticator = "test"): PrincipalRecord {
  return { kind: "person", id, name: id.toUpperCase(), roles, groups, authenticator, level: "system" };
}

/** Everybody who ever says something; the last two are of one id at two authenticators, and of no role at all. */
export const CAST: readonly PrincipalRecord[] = [
  person("ana", ["manager"]),
  person("bo", ["manager"]),
  person("cy", ["manager", "director"]),
  person("dee", ["director"]),
  person("eli", ["clerk"], ["board"]),
  person("fay", ["manager"], ["board"]),
  person("requester", ["manager"]),
  person("owner", ["manager"]),
  person("author", ["director"]),
  person("ana", ["manager"], [], "other"),
  person("stranger", []),
];

const SELECTORS: readonly Selector[][] = [
  [],
  [{ role: "manager" }],
  [{ role: "manager" }],
  [{ role: "manager" }],
  [{ role: "director" }],
  [{ role: "manager" }, { role: "director" }],
  [{ group: "board" }],
  [{ person: "ana" }, { role: "clerk" }],
];
const QUORUMS: readonly Quorum[] = [
  "any",
  "any",
  "two-person",
  "two-person",
  "two-person",
  "majority",
  "majority",
  "unanimous",
  "1-of-1",
  "1-of-2",
  "2-of-3",
  "3-of-5",
];

const selectors = fc.constantFrom(...SELECTORS);
const fallback = fc.constantFrom("hold", "hold", "escalate", "escalate", "reject", "execute");
const withinMs = fc.constantFrom(null, null, 20_000, 60_000);
const anyPanel: fc.Arbitrary<Panel> = fc.record({
  rule: fc.constantFrom("large", null),
  by: selectors,
  quorum: fc.constantFrom(...QUORUMS),
  tieBreak: fc.constantFrom("reject", "majority", "senior"),
});
// Else it is rare that a rejection is the vote with which the others' approval stands.
const BOARD: Panel = { rule: null, by: [{ role: "manager" }], quorum: "majority", tieBreak: "senior" };
const panel = fc.oneof({ weight: 9, arbitrary: anyPanel }, { weight: 1, arbitrary: fc.constant(BOARD) });

/** What a policy may ask for: one or two panels, a deadline, an escalation, somebody who is excluded. */
export const anyRequirement: fc.Arbitrary<Requirement> = fc
  .record({
    panels: fc.oneof<fc.MaybeWeightedArbitrary<Panel[]>[]>(
      { weight: 6, arbitrary: fc.array(panel, { minLength: 1, maxLength: 1 }) },
      { weight: 3, arbitrary: fc.array(panel, { minLength: 2, maxLength: 2 }) },
      { weight: 1, arbitrary: fc.constant<Panel[]>([]) },
    ),
    withinMs,
    otherwise: fallback,
    escalateTo: fc.array(fc.record({ by: selectors, withinMs, otherwise: fallback }), { maxLength: 2 }),
    excludes: fc.constantFrom<(string[] | undefined)[]>(undefined, undefined, undefined, ["bo"]),
  })
  .map(({ excludes, ...rest }) => ({ ...ONE_PERSON, ...rest, ...(excludes !== undefined && { excludes }) }));

/** What is proposed is worth one of these, or nobody knows what. */
export const AMOUNTS: readonly (Amount | undefined)[] = [
  { value: 1, currency: "USD" },
  { value: 40, currency: "USD" },
  { value: 40, currency: "USD" },
  { value: 100, currency: "USD" },
  { value: 250, currency: "USD" },
  { value: 900, currency: "USD" },
  { value: 50, currency: "EUR" },
  undefined,
];

/** One limit, as the model reads it; `authority` reads the same. */
export interface ModelLimit {
  role?: string;
  person?: string;
  action?: string;
  upTo: Amount[];
  overSeconds?: number;
}

/** One thing to hold, as the model reads it. */
export interface ModelNeed {
  action: string;
  licence?: string;
  training?: string;
}

/** What a company says, as the model reads it, and as the ledger does. */
export interface ModelAuthority {
  limits: ModelLimit[];
  needs: ModelNeed[];
  requester: boolean;
  owners: string[];
  authors: string[];
  seniority: string[];
  loaded: Authority;
}

const usd = (value: number): Amount => ({ value, currency: "USD" });
const LIMITS: readonly ModelLimit[] = [
  { role: "manager", upTo: [usd(100)] },
  { role: "director", upTo: [usd(300), { value: 60, currency: "EUR" }] },
  { person: "ana", action: "refund", upTo: [usd(500)] },
  { role: "clerk", upTo: [usd(1_000)] },
  { role: "manager", upTo: [usd(150)], overSeconds: 60 },
  { role: "director", action: "transfer", upTo: [usd(400)], overSeconds: 90 },
  { person: "cy", upTo: [usd(260)], overSeconds: 60 },
];
const NEEDS: readonly ModelNeed[] = [
  { action: "transfer", licence: "physician" },
  { action: "refund", training: "aml" },
];

function loaded(said: Omit<ModelAuthority, "loaded">): ModelAuthority {
  const limits = said.limits.map(({ role, person: id, overSeconds, ...limit }) => ({
    ...limit,
    ...(overSeconds !== undefined && { over: `PT${overSeconds}S` as const }),
    ...(role === undefined ? { person: id ?? "" } : { role }),
  }));
  const agentOwners: Record<string, string[]> = said.owners.length === 0 ? {} : { support: said.owners };
  const segregation = { requester: said.requester, agentOwners, policyAuthors: said.authors };
  return { ...said, loaded: authority({ limits, needs: said.needs, segregation, seniority: said.seniority }) };
}

const seldom = <T>(arbitrary: fc.Arbitrary<T[]>, weight = 3): fc.Arbitrary<T[]> =>
  fc.oneof({ weight, arbitrary: fc.constant<T[]>([]) }, { weight: 2, arbitrary });

/** What a company may say. */
export const anyAuthority: fc.Arbitrary<ModelAuthority> = fc
  .record({
    limits: seldom(fc.subarray([...LIMITS])),
    needs: seldom(fc.subarray([...NEEDS], { minLength: 1 })),
    requester: fc.constantFrom(true, true, false),
    owners: fc.constantFrom<string[][]>(["owner"], []),
    authors: fc.constantFrom<string[][]>(["author"], []),
    seniority: fc.constantFrom<string[][]>(["clerk", "manager", "director"], ["director", "manager"], []),
  })
  .map(loaded);
