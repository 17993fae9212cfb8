import type { PrincipalRecord } from "../model/principal.js";
import { ONE_PERSON, type Panel, type Requirement, type TieBreak } from "../model/requirement.js";
import { isMeant } from "./allowed.js";

/** What one person said, as far as it counts for a quorum. */
export interface Vote {
  readonly by: PrincipalRecord;
  readonly verdict: "approve" | "reject" | "abstain";
}

/** How many seats each panel has, for quorums that depend on it; null where it does not matter. */
export type Seats = readonly (number | null)[];

/** How a vote stands. */
export type Tally = "approved" | "rejected" | "pending";

/** Who could vote, and who is senior to whom. */
export interface Electorate {
  /** Panel by panel. */
  readonly seats: Seats;
  /** Roles from junior to senior; a role that is not named is junior to all that are. */
  readonly seniority: readonly string[];
}

/**
 * The panels that decide at a step of the escalation. At step 0 they are those of the policy, or one panel of anybody
 * where it asks for none. Later on the people of the step decide by the same rules: one panel of them for each
 * different quorum and tie-break of the policy's panels. Escalation changes who decides, never how many.
 */
export function panelsOf(requires: Requirement | undefined, step: number): Panel[] {
  const { panels, escalateTo } = requires ?? ONE_PERSON;
  const first = panels.length === 0 ? ONE_PERSON.panels : panels;
  const later = step === 0 ? undefined : escalateTo[step - 1];
  if (later === undefined) return [...first];
  const rules = new Map<string, Panel>();
  for (const panel of first) {
    const rule = `${panel.quorum} ${panel.tieBreak}`;
    if (!rules.has(rule)) rules.set(rule, { ...panel, by: later.by });
  }
  return [...rules.values()];
}

/** Whether a panel's quorum depends on how many people it has. */
export function needsSeats({ quorum }: Panel): boolean {
  return quorum === "majority" || quorum === "unanimous";
}

/**
 * How a vote stands. Every panel has to approve; one that rejects is enough to reject.
 *
 * A vote counts in every panel that its author belongs to, and the first vote of a person (an id, see
 * {@link PrincipalRecord}) is the only one. Votes are counted in their order, and a panel has decided with the first vote
 * that settles it: what its people say after that changes nothing. With A approvals, R rejections, B abstentions and N seats:
 *
 * | quorum | approves | rejects |
 * | --- | --- | --- |
 * | `any` | with an approval that comes before any rejection | with a rejection that comes before any approval |
 * | `n-of-m` | at A >= n | once R + B > m - n, so that n approvals cannot be reached |
 * | `two-person` | at A >= 2 | by its tie-break, see below |
 * | `unanimous` | at A >= 1 and A + B >= N | at R >= 1; if all abstain |
 * | `majority` | at 2A > N | at 2R > N |
 *
 * A tie-break says what a vote is worth that has gone both ways:
 *
 * | tie-break | `two-person` | `majority`, once all have voted (A + R + B >= N) without either |
 * | --- | --- | --- |
 * | `reject` | one rejection rejects | rejected |
 * | `majority` | the best of three: two rejections reject | approved if A > R, else rejected |
 * | `senior` | a rejection is overruled while some approver is senior to everybody who rejects, else it rejects; a first vote that rejects waits for one more | the side of the most senior voter; rejected if both sides have one equally senior |
 *
 * It never stands in for an approval that is missing: two people are two, and a rejection that is overruled leaves the
 * vote open until there are. An abstention takes no side: it only fills a seat. `n-of-m`, `any` and `unanimous` have no
 * ties. Where seats matter (see {@link needsSeats}) and are not known, the vote is pending.
 *
 * Somebody is as senior as the most senior of their roles.
 */
export function tally(panels: readonly Panel[], votes: readonly Vote[], { seats, seniority }: Electorate): Tally {
  const counted = firstOfEach(votes);
  const tallies = panels.map((panel, i) => {
    const own = counted.filter(({ by }) => isOn(panel, by));
    return tallyOf(own, { panel, seats: seats[i] ?? null, seniority });
  });
  if (tallies.includes("rejected")) return "rejected";
  // Of no panels each approves, but nobody has.
  return tallies.length > 0 && tallies.every((each) => each === "approved") ? "approved" : "pending";
}

interface Count {
  approvals: number;
  rejections: number;
  abstentions: number;
  /** How senior the most senior of each side is; below everybody while it has no one. */
  approver: number;
  rejecter: number;
}

interface Ballot {
  panel: Panel;
  seats: number | null;
  seniority: readonly string[];
}

/** The first vote of everybody. */
export function firstOfEach(votes: readonly Vote[]): Vote[] {
  const people = new Map<string, Vote>();
  for (const vote of votes) if (!people.has(vote.by.id)) people.set(vote.by.id, vote);
  return [...people.values()];
}

/** Whether somebody belongs to a panel, so that their vote counts there. */
export function isOn({ by: selectors }: Pick<Panel, "by">, by: Parameters<typeof isMeant>[1]): boolean {
  return selectors.length === 0 || selectors.some((selector) => isMeant(selector, by));
}

function tallyOf(votes: readonly Vote[], { panel, seats, seniority }: Ballot): Tally {
  const count: Count = { approvals: 0, rejections: 0, abstentions: 0, approver: -Infinity, rejecter: -Infinity };
  for (const vote of votes) {
    add(count, vote, seniority);
    const tally = standingOf(count, panel, seats);
    if (tally !== "pending") return tally;
  }
  return "pending";
}

function add(count: Count, { by, verdict }: Vote, seniority: readonly string[]): void {
  const rank = Math.max(-1, ...by.roles.map((role) => seniority.lastIndexOf(role)));
  switch (verdict) {
    case "approve":
      count.approvals += 1;
      count.approver = Math.max(count.approver, rank);
      return;
    case "reject":
      count.rejections += 1;
      count.rejecter = Math.max(count.rejecter, rank);
      return;
    case "abstain":
      count.abstentions += 1;
      return;
    default:
      verdict satisfies never;
  }
}

function standingOf(count: Count, { quorum, tieBreak }: Panel, seats: number | null): Tally {
  const { approvals, rejections } = count;
  switch (quorum) {
    case "any":
      return decided(approvals >= 1, rejections >= 1);
    case "two-person":
      return decided(approvals >= 2, isTwoPersonRejected(count, tieBreak));
    case "unanimous":
      return unanimous(count, seats);
    case "majority":
      return majority(count, tieBreak, seats);
    default:
      return outOf(count, quorum);
  }
}

/** A rejection is looked at first: should both ever hold, nothing runs. */
function decided(isApproved: boolean, isRejected: boolean): Tally {
  if (isRejected) return "rejected";
  return isApproved ? "approved" : "pending";
}

function isTwoPersonRejected({ approvals, rejections, approver, rejecter }: Count, tieBreak: TieBreak): boolean {
  switch (tieBreak) {
    case "reject":
      return rejections >= 1;
    case "majority":
      return rejections >= 2;
    case "senior":
      // The first vote alone is no tie: whoever is senior may still be to come.
      return rejections >= 1 && approvals + rejections >= 2 && rejecter >= approver;
    default:
      return tieBreak satisfies never;
  }
}

function outOf({ approvals, rejections, abstentions }: Count, quorum: `${number}-of-${number}`): Tally {
  const [n = Number.NaN, m = Number.NaN] = quorum.split("-of-").map(Number);
  return decided(approvals >= n, rejections + abstentions > m - n);
}

function unanimous({ approvals, rejections, abstentions }: Count, seats: number | null): Tally {
  if (!isKnown(seats)) return "pending";
  const haveAllVoted = approvals + abstentions >= seats;
  return decided(haveAllVoted && approvals >= 1, rejections >= 1 || (haveAllVoted && approvals === 0));
}

function majority(count: Count, tieBreak: TieBreak, seats: number | null): Tally {
  if (!isKnown(seats)) return "pending";
  const { approvals, rejections, abstentions } = count;
  if (2 * approvals > seats) return "approved";
  if (2 * rejections > seats) return "rejected";
  if (approvals + rejections + abstentions < seats) return "pending";
  return doesTieApprove(count, tieBreak) ? "approved" : "rejected";
}

function doesTieApprove({ approvals, rejections, approver, rejecter }: Count, tieBreak: TieBreak): boolean {
  switch (tieBreak) {
    case "reject":
      return false;
    case "majority":
      return approvals > rejections;
    case "senior":
      return approver > rejecter;
    default:
      return tieBreak satisfies never;
  }
}

function isKnown(seats: number | null): seats is number {
  return seats !== null && Number.isInteger(seats) && seats > 0;
}
