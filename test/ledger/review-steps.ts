import * as fc from "fast-check";
import type { Verdict } from "../../src/model/decision.js";
import type { Requirement } from "../../src/model/requirement.js";
import type { Reviewer } from "../../src/model/reviewer.js";
import type { Route } from "../../src/model/routing.js";
import type { Flaw } from "./review-model.js";
import { AMOUNTS, anyRequirement, CAST } from "./review-world.js";

/** One step of a sequence, chosen before it is known what the ledger holds. */
export interface Step {
  op: Op;
  /** Which of the cases it is about. */
  slot: number;
  /** Who acts, as a place in the cast. */
  who: number;
  verdict: Verdict;
  flaw: Flaw;
  /** What is proposed or asked for by a modification, as a place in the amounts. */
  worth: number;
  nextRoute: Route;
  /** What a policy says if it is asked; null: what it said about the round before. */
  requires: Requirement | null;
  pick: number;
}

const OPS = [
  "next",
  "say",
  "say earlier",
  "repeat",
  "ask",
  "expire",
  "redraft",
  "route",
  "claim",
  "settle",
  "reroute",
  "register",
  "wait",
  "propose",
] as const;
/** What a step does; `next` is what a well-behaved caller would do, so that sequences get somewhere. */
export type Op = (typeof OPS)[number];

/** How many cases are under way at a time; the first two are of one thread. */
export const SLOTS = 3;

const weighted = <T>(weights: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  fc.oneof(...weights.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

/** Any step. */
export const anyStep: fc.Arbitrary<Step> = fc.record({
  op: weighted<Op>([
    [40, "next"],
    [20, "say"],
    [4, "register"],
    [3, "expire"],
    [2, "wait"],
    ...OPS.filter((op) => !["next", "say", "register", "expire", "wait"].includes(op)).map((op) => [1, op] as const),
  ]),
  slot: fc.nat({ max: SLOTS - 1 }),
  // Mostly those who can have a seat: the first six are registered from the start.
  who: fc.oneof(
    { weight: 3, arbitrary: fc.nat({ max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: 6, max: CAST.length - 1 }) },
  ),
  verdict: weighted<Verdict>([
    [12, "approve"],
    [6, "reject"],
    [4, "abstain"],
    [3, "modify"],
    [2, "escalate"],
    [1, "revise"],
  ]),
  flaw: weighted<Flaw>([
    [30, "none"],
    [2, "other digest"],
    [1, "other arguments"],
    [1, "older version"],
    [2, "same version"],
    [1, "other seats"],
    [3, "unnamed"],
    [1, "named"],
    [3, "no refusal"],
    [2, "no next"],
  ]),
  worth: fc.nat({ max: AMOUNTS.length - 1 }),
  nextRoute: weighted<Route>([
    [10, "review"],
    [2, "execute"],
    [1, "flag"],
    [1, "block"],
    [1, "suggest"],
  ]),
  requires: fc.option(anyRequirement, { freq: 2 }),
  pick: fc.nat({ max: 419 }),
});

/** What is said of a reviewer: as their principal has it, or inactive, away, without licence, in another role, and so on. */
export function registration({ who, pick }: Step, nowMs: number): Reviewer {
  const { id, name, roles, groups = [] } = CAST[who]!;
  const later = (seconds: number): string => new Date(nowMs + seconds * 1_000).toISOString();
  const ever = (licence: string) => [{ name: licence, until: null }];
  const usual: Reviewer = {
    id,
    name,
    roles,
    groups,
    licences: ever("physician"),
    training: ever("aml"),
    away: null,
    active: true,
  };
  const variants: Reviewer[] = [
    { ...usual, active: false },
    { ...usual, away: { from: later(0), until: later(30), to: null } },
    { ...usual, away: { from: later(10), until: later(40), to: "bo" } },
    { ...usual, licences: [{ name: "physician", until: later(20) }], training: [] },
    { ...usual, licences: [], training: [] },
    { ...usual, roles: ["clerk"], groups: [] },
    { ...usual, training: [{ name: "aml", until: later(20) }] },
  ];
  return variants[pick % 14] ?? usual;
}
