import { isDeepStrictEqual } from "node:util";
import type { Amount } from "../../src/model/facts.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import type { Panel, Requirement, Selector } from "../../src/model/requirement.js";
import type { Reviewer } from "../../src/model/reviewer.js";
import { expectedTally } from "../authority/reference-tally.js";
import type { ModelCase, ModelRound, ModelSaid, ReviewModel } from "./review-model.js";
import type { ModelLimit } from "./review-world.js";

/**
 * Who may say what, and what votes come to: told anew from the tables of the documentation, slowly, and without anything
 * of what it is compared with.
 */

/** Why somebody may not say something. */
export type NotAllowed =
  | "excluded"
  | "panel"
  | "twice"
  | "unregistered"
  | "away"
  | "part"
  | "seat"
  | "requester"
  | "owner"
  | "author"
  | "unknown amount"
  | "no limit"
  | "limit"
  | "cumulative"
  | "licence"
  | "training";

/** How the ledger words each of them. */
export const WORDS: Record<NotAllowed, RegExp> = {
  excluded: /had a part in what this is about/,
  panel: /none of those who may decide/,
  twice: /has voted on this/,
  unregistered: /not registered as a reviewer who decides/,
  away: /out of office/,
  part: /had a part in this, so has no seat/,
  seat: /has no seat/,
  requester: /asked for this, so somebody else/,
  owner: /answers for the agent/,
  author: /wrote the policy/,
  "unknown amount": /its amount is not known/,
  "no limit": /has no limit in/,
  limit: /may approve up to/,
  cumulative: /has approved .* within/,
  licence: /licence|not registered/,
  training: /training|not registered/,
};

const ANYBODY: Panel = { rule: null, by: [], quorum: "any", tieBreak: "reject" };

/** Whether one of these means somebody. */
export function means(by: readonly Selector[], who: { id: string; roles: string[]; groups?: string[] }): boolean {
  return by.some(
    (each) =>
      ("person" in each && each.person === who.id) ||
      ("role" in each && who.roles.includes(each.role)) ||
      ("group" in each && (who.groups ?? []).includes(each.group)),
  );
}

/** Who decides at a step: those whom the policy names, and after an escalation those of its step, by the same quorums. */
export function panelsAt(requires: Requirement, step: number): Panel[] {
  const first = requires.panels.length > 0 ? requires.panels : [ANYBODY];
  if (step === 0) return first;
  const later = first.map((panel) => ({ ...panel, by: requires.escalateTo[step - 1]!.by }));
  return later.filter(
    ({ quorum, tieBreak }, i) =>
      later.findIndex((other) => other.quorum === quorum && other.tieBreak === tieBreak) === i,
  );
}

/** Whether a quorum depends on how many could vote. */
function counts({ quorum }: Panel): boolean {
  return ["majority", "unanimous"].includes(quorum);
}

function isOff({ away }: Reviewer, now: number): boolean {
  return away !== null && Date.parse(away.from) <= now && now < Date.parse(away.until);
}

/** Whose part in a case leaves them without a seat. */
function partners({ authority }: ReviewModel, held: ModelCase, requires: Requirement): string[] {
  const asked = authority.requester && held.requestedBy !== null ? [held.requestedBy] : [];
  const owners = held.agent === "support" ? authority.owners : [];
  return [...(requires.excludes ?? []), ...asked, ...owners, ...authority.authors];
}

/** How many have a seat on each panel now: they could vote, or have voted, wherever they are. */
function seatsAt(model: ReviewModel, held: ModelCase, round: ModelRound, step: number): number[] {
  const { reviewers, nowMs } = model;
  const requires = round.requires!;
  const out = partners(model, held, requires);
  const voted = new Map<string, PrincipalRecord>();
  for (const { by } of [...votesOf(held, round), ...makersOf(held, round, step)]) {
    if (unasked(requires, step, by) === null && !voted.has(by.id)) voted.set(by.id, by);
  }
  return panelsAt(requires, step).map(({ by }) => {
    const on = (who: PrincipalRecord | Reviewer): boolean => by.length === 0 || means(by, who);
    const could = [...reviewers.values()].filter(
      (each) => each.active && !isOff(each, nowMs) && !out.includes(each.id),
    );
    const gone = [...voted.values()].filter(
      (each) => on(each) && !could.some((there) => there.id === each.id && on(there)),
    );
    return could.filter(on).length + gone.length;
  });
}

/** The seats that a vote has to name; null where they do not matter. */
export function seatsToName(model: ReviewModel, held: ModelCase, round: ModelRound, step: number): ModelSaid["seats"] {
  const panels = panelsAt(round.requires!, step);
  if (!panels.some(counts)) return null;
  const there = seatsAt(model, held, round, step);
  return panels.map(({ by }, i) => ({ by, of: there[i]! }));
}

/** How often somebody has voted so on a round, and the seats that they named last. */
export function votedBefore(held: ModelCase, round: ModelRound, { by, verdict }: Pick<ModelSaid, "by" | "verdict">) {
  const own = votesOf(held, round).filter((vote) => vote.by.id === by.id);
  return { all: own.length, same: own.filter((vote) => vote.verdict === verdict).length, seats: own.at(-1)?.seats };
}

/** Whether somebody has voted, and does not only say it again because there are other seats now. */
function isTwice(model: ReviewModel, held: ModelCase, said: ModelSaid): boolean {
  const round = held.rounds.at(-1)!;
  const { all, same, seats } = votedBefore(held, round, said);
  if (all === 0 || same < all) return all > 0;
  const there = seatsToName(model, held, round, round.review!.step);
  return there === null || isDeepStrictEqual(seats, there);
}

/** Why somebody has no seat at a step where seats are counted. */
function seatless(
  model: ReviewModel,
  held: ModelCase,
  { round, step, by }: { round: ModelRound; step: number; by: PrincipalRecord },
): NotAllowed | null {
  const counted = panelsAt(round.requires!, step).filter(counts);
  if (counted.length === 0) return null;
  const known = model.reviewers.get(by.id);
  if (known === undefined || !known.active) return "unregistered";
  if (isOff(known, model.nowMs)) return "away";
  if (partners(model, held, round.requires!).includes(by.id)) return "part";
  // They sit where the register says; who sits elsewhere has no seat in a panel that their principal belongs to.
  const own = counted.filter((panel) => panel.by.length > 0 && means(panel.by, by));
  return own.every((panel) => means(panel.by, known)) ? null : "seat";
}

/** Whom the policy lets say anything. */
function unasked(requires: Requirement, step: number, by: PrincipalRecord): NotAllowed | null {
  if (requires.excludes?.includes(by.id)) return "excluded";
  const asked = step === 0 ? requires.panels.map((panel) => panel.by) : [requires.escalateTo[step - 1]!.by];
  const closed = asked.filter((each) => each.length > 0);
  return closed.length > 0 && !closed.some((each) => means(each, by)) ? "panel" : null;
}

/** Every reason for which a principal may not say this now; none if they may. */
export function notAllowed(model: ReviewModel, held: ModelCase, said: ModelSaid): NotAllowed[] {
  const round = held.rounds.at(-1)!;
  const { by, verdict } = said;
  const { step } = round.review!;
  const isVote = verdict === "approve" || verdict === "reject" || verdict === "abstain";
  const why: (NotAllowed | null)[] = [unasked(round.requires!, step, by)];
  if (isVote) {
    if (isTwice(model, held, said)) why.push("twice");
    why.push(seatless(model, held, { round, step, by }));
  }
  if (verdict === "modify" && said.next?.requires) {
    const made = { amount: said.next.amount, requires: said.next.requires } as ModelRound;
    why.push(seatless(model, held, { round: made, step: 0, by }));
  }
  if (verdict === "approve" || verdict === "modify") {
    why.push(part(model, held, by), ...lacking(model, held, by));
    why.push(beyond(model, held, by, verdict === "modify" && said.next ? said.next.amount : round.amount));
  }
  return why.filter((each) => each !== null);
}

function part(
  { authority }: ReviewModel,
  { requestedBy, agent }: ModelCase,
  { id }: PrincipalRecord,
): NotAllowed | null {
  if (authority.requester && requestedBy === id) return "requester";
  if (agent === "support" && authority.owners.includes(id)) return "owner";
  return authority.authors.includes(id) ? "author" : null;
}

function lacking({ authority, reviewers, nowMs }: ReviewModel, { action }: ModelCase, { id }: PrincipalRecord) {
  const known = reviewers.get(id);
  const has = (list: Reviewer["licences"], name: string): boolean =>
    list.some((each) => each.name === name && (each.until === null || nowMs < Date.parse(each.until)));
  const why: NotAllowed[] = [];
  for (const need of authority.needs.filter((each) => each.action === action)) {
    if (need.licence !== undefined && !has(known?.licences ?? [], need.licence)) why.push("licence");
    if (need.training !== undefined && !has(known?.training ?? [], need.training)) why.push("training");
  }
  return why;
}

function beyond(
  model: ReviewModel,
  held: ModelCase,
  by: PrincipalRecord,
  amount: Amount | undefined,
): NotAllowed | null {
  const applying = model.authority.limits.filter(({ action }) =>
    action === undefined ? amount !== undefined : action === held.action,
  );
  if (applying.length === 0) return null;
  if (amount === undefined) return "unknown amount";
  const own = applying.flatMap((limit) => {
    const isOwn = limit.person === by.id || (limit.role !== undefined && by.roles.includes(limit.role));
    return limit.upTo
      .filter((each) => isOwn && each.currency === amount.currency)
      .map(({ value }) => ({ limit, value }));
  });
  if (own.length === 0) return "no limit";
  const single = own.filter(({ limit }) => limit.overSeconds === undefined).map(({ value }) => value);
  if (applying.some((limit) => limit.overSeconds === undefined) && single.length === 0) return "no limit";
  if (single.length > 0 && single.every((value) => amount.value > value)) return "limit";
  const isOver = own.some(({ limit }) => {
    if (limit.overSeconds === undefined) return false;
    const alike = own.filter(
      (each) => each.limit.overSeconds === limit.overSeconds && each.limit.action === limit.action,
    );
    const sum = before(model, held, by, { limit, currency: amount.currency }) + amount.value;
    return alike.every(({ value }) => sum > value);
  });
  return isOver ? "cumulative" : null;
}

/** What somebody let run before, of other cases that did not come to nothing: the last that they said of each. */
function before(
  { cases, nowMs }: ReviewModel,
  held: ModelCase,
  by: PrincipalRecord,
  { limit, currency }: { limit: ModelLimit; currency: string },
): number {
  let sum = 0;
  for (const other of cases) {
    if (other === held || ["rejected", "expired", "blocked", "suggested"].includes(other.outcome ?? "")) continue;
    if (limit.action !== undefined && other.action !== limit.action) continue;
    const recent = other.said.filter(
      (each) =>
        each.by.id === by.id &&
        ["approve", "modify"].includes(each.verdict) &&
        each.atMs > nowMs - limit.overSeconds! * 1_000,
    );
    const last = recent.at(-1);
    const amount = last && other.rounds[last.verdict === "modify" ? last.round : last.round - 1]?.amount;
    if (amount?.currency === currency) sum += amount.value;
  }
  return sum;
}

/** The votes that were cast on a round, in their order. */
function votesOf(held: ModelCase, { nth }: Pick<ModelRound, "nth">): ModelSaid[] {
  return held.said.filter(({ round, verdict }) => round === nth && ["approve", "reject", "abstain"].includes(verdict));
}

/** Who made a round by a modification, if the policy lets them approve it. */
function makersOf(held: ModelCase, { nth, requires }: ModelRound, step: number): ModelSaid[] {
  return held.said.filter(
    ({ round, verdict, by }) => round === nth - 1 && verdict === "modify" && unasked(requires!, step, by) === null,
  );
}

/** What the votes on a round come to: those that were cast, and after them the approval of whoever made it. */
export function settled(model: ReviewModel, held: ModelCase): "approved" | "rejected" | "pending" {
  const round = held.rounds.at(-1)!;
  const { step } = round.review!;
  const cast = votesOf(held, round).map(({ by, verdict }) => ({ by, verdict: verdict as "approve" }));
  const makers = makersOf(held, round, step).map(({ by }) => ({ by, verdict: "approve" as const }));
  return expectedTally(panelsAt(round.requires!, step), [...cast, ...makers], {
    seats: seatsAt(model, held, round, step),
    seniority: model.authority.seniority,
  });
}

/** Whether one person's approval is all that a requirement takes. */
export function aloneEnough(requires: Requirement | undefined, by: PrincipalRecord): boolean {
  const panels = requires === undefined ? [ANYBODY] : panelsAt(requires, 0);
  const seats = panels.map(() => null);
  return expectedTally(panels, [{ by, verdict: "approve" }], { seats, seniority: [] }) === "approved";
}

/** Whether a requirement asks for somebody and does not exclude them. */
export function isAsked(requires: Requirement | undefined, by: PrincipalRecord): boolean {
  return requires === undefined || unasked(requires, 0, by) === null;
}
