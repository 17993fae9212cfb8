import { createHash } from "node:crypto";
import type { Decision } from "../../model/decision.js";
import type { Review } from "../../model/review.js";
import type { Selector } from "../../model/requirement.js";
import { canonicalJson } from "../../model/canonical-json.js";
import {
  COUNT_MAX,
  DEFAULT_SETTINGS,
  URGENCIES,
  urgencyOf,
  type HandleRequest,
  type HandleResult,
  type Load,
  type QueueFilter,
  type QueueItem,
  type QueueOrder,
  type QueuePage,
  type QueueRequest,
  type QueueSettings,
} from "../queueing.js";
import { cursorOf, placeOf, singleRisk, type QueuePlace } from "../queue-place.js";
import { requireFilter } from "../queue-requests.js";
import { isVote } from "../saying.js";
import type { Entry } from "./entry.js";

/** What is known of a review beside the review itself. */
interface Handled {
  /** Whom it asked for then; once others are asked, it is nobody's. */
  asks: string;
  assignee: string | null;
  assignedAt: string | null;
  claim: QueueItem["claim"];
  snoozedUntil: string | null;
}

/** The queue of a memory ledger: worked out anew each time, from the cases and from what people did with their reviews. */
export class MemoryQueue {
  readonly #handled = new Map<string, Handled>();
  #settings: QueueSettings = { ...DEFAULT_SETTINGS };

  settings(): QueueSettings {
    return { ...this.#settings };
  }

  set(settings: QueueSettings): void {
    this.#settings = { ...settings };
  }

  page(entries: Iterable<Entry>, request: QueueRequest, now: string): QueuePage {
    const { order, limit } = request;
    const place = placeOf(request);
    const items = this.#fitting(entries, request.filter, now)
      .filter((item) => place === null || isAfter(placeIn(order, item), place))
      .toSorted((a, b) => (isAfter(placeIn(order, a), placeIn(order, b)) ? 1 : -1));
    const last = items[limit - 1];
    const next = items.length > limit && last !== undefined ? cursorOf(order, placeIn(order, last)) : null;
    return { items: items.slice(0, limit), next, isCapped: false };
  }

  count(entries: Iterable<Entry>, filter: QueueFilter, now: string): { count: number; isExact: boolean } {
    const { length } = this.#fitting(entries, filter, now);
    return { count: Math.min(length, COUNT_MAX), isExact: length <= COUNT_MAX };
  }

  item(entries: Iterable<Entry>, reviewId: string, now: string): QueueItem | null {
    return this.all(entries, now).find(({ id }) => id === reviewId) ?? null;
  }

  /** Notes what somebody does with a review; `log` is told of what is new before anything changes. */
  handle(entries: Iterable<Entry>, request: HandleRequest, now: string, log: (item: QueueItem) => void): HandleResult {
    const { reviewId, handling, by } = request;
    const kept = [...entries];
    const item = this.item(kept, reviewId, now);
    if (item === null) return { ok: false, why: "unknown", item };
    const isMine = item.claim?.by === by;
    if (item.claim !== null && !isMine && handling.what !== "assign") return { ok: false, why: "claimed", item };
    if (handling.what === "assign" && handling.from !== undefined && handling.from !== item.assignee) {
      return { ok: false, why: "assigned", item };
    }
    if (!(handling.what === "claim" && isMine)) log(item);
    this.#handled.set(reviewId, after(this.#stateOf(item), request, now));
    return { ok: true, item: this.item(kept, reviewId, now) ?? item };
  }

  /** Takes from somebody who has voted what was theirs: they have no more to say there. */
  noteVote(reviewId: string, id: string): void {
    const held = this.#handled.get(reviewId);
    if (held === undefined) return;
    const isTheirs = held.assignee === id;
    this.#handled.set(reviewId, {
      ...held,
      ...(isTheirs && { assignee: null, assignedAt: null }),
      claim: held.claim?.by === id ? null : held.claim,
    });
  }

  loads(entries: Iterable<Entry>, now: string): Load[] {
    const loads = new Map<string, Load>();
    for (const item of this.all(entries, now)) {
      const lastAt = this.#handled.get(item.id)?.assignedAt ?? null;
      if (item.assignee === null || lastAt === null) continue;
      const load = loads.get(item.assignee) ?? { id: item.assignee, open: 0, lastAt };
      const latest = load.lastAt > lastAt ? load.lastAt : lastAt;
      loads.set(item.assignee, { ...load, open: load.open + 1, lastAt: latest });
    }
    return [...loads.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Every open review. */
  all(entries: Iterable<Entry>, now: string): QueueItem[] {
    const open = [...entries].flatMap((entry) => {
      const review = entry.reviews.get(entry.proposal.round);
      return entry.proposal.state === "open" && review?.status === "open" ? [{ entry, review }] : [];
    });
    const shown = new Map<string, number>();
    return open
      .toSorted((a, b) => (ageOf(a.review) < ageOf(b.review) ? -1 : 1))
      .map(({ entry, review }) => {
        const nth = (shown.get(entry.proposal.agent) ?? 0) + 1;
        shown.set(entry.proposal.agent, nth);
        return this.#itemOf(entry, review, { now, isFlooding: nth > this.#settings.perAgent });
      });
  }

  #fitting(entries: Iterable<Entry>, filter: QueueFilter, now: string): QueueItem[] {
    requireFilter(filter);
    const kept = [...entries];
    const items = this.all(kept, now).filter((item) => fits(item, filter));
    const voter = filter.notVotedBy;
    if (voter === undefined) return items;
    const voted = new Set(
      kept.flatMap(({ decisions }) => decisions.filter(isVoteOf(voter)).map((vote) => vote.reviewId)),
    );
    return items.filter(({ id }) => !voted.has(id));
  }

  #itemOf({ proposal, rounds }: Entry, review: Review, known: { now: string; isFlooding: boolean }): QueueItem {
    const { now, isFlooding } = known;
    const round = rounds.get(review.round);
    const { requires, stage } = round?.routing ?? {};
    const later = review.step === 0 ? undefined : requires?.escalateTo[review.step - 1];
    const asks = later?.by ?? distinct((requires?.panels ?? []).flatMap(({ by }) => by));
    const { requestedBy } = proposal;
    const item: QueueItem = {
      id: review.id,
      digest: review.digest,
      proposalId: proposal.id,
      threadId: review.address.threadId,
      round: review.round,
      kind: review.kind,
      trust: review.trust,
      action: proposal.action,
      agent: proposal.agent,
      requestedBy,
      summary: round?.display.summary ?? "",
      risk: round?.facts.risk ?? null,
      amount: structuredClone(round?.facts.amount ?? null),
      stage: stage ?? null,
      step: review.step,
      askedAt: review.askedAt,
      deadlineAt: review.deadlineAt,
      urgency: urgencyOf(review.deadlineAt, now),
      assignee: null,
      claim: null,
      snoozedUntil: null,
      isFlooding,
      group: createHash("md5").update(`${proposal.action}\n${round?.argsDigest}`).digest("hex"),
      asks: structuredClone(asks),
      keptFrom: [...(requires?.excludes ?? []), ...(requestedBy === null ? [] : [requestedBy])],
    };
    const { assignee, claim, snoozedUntil } = this.#stateOf(item);
    return {
      ...item,
      assignee,
      claim: claim !== null && claim.until > now ? claim : null,
      snoozedUntil: snoozedUntil !== null && snoozedUntil > now ? snoozedUntil : null,
    };
  }

  #stateOf({ id, asks }: QueueItem): Handled {
    const key = canonicalJson(asks);
    const nothing: Handled = { asks: key, assignee: null, assignedAt: null, claim: null, snoozedUntil: null };
    const held = this.#handled.get(id);
    if (held === undefined) return nothing;
    return held.asks === key ? held : nothing;
  }
}

function after(held: Handled, { handling, by }: HandleRequest, now: string): Handled {
  switch (handling.what) {
    case "claim":
      return { ...held, claim: { by, until: later(now, handling.leaseMs) } };
    case "release":
      return { ...held, claim: null };
    case "snooze":
      return { ...held, claim: null, snoozedUntil: handling.until };
    case "assign": {
      const { to, leaseMs } = handling;
      const claim = to === null || leaseMs === undefined ? null : { by: to, until: later(now, leaseMs) };
      return { ...held, claim, assignee: to, assignedAt: now };
    }
    default:
      return handling satisfies never;
  }
}

function later(now: string, ms: number): string {
  return new Date(Date.parse(now) + ms).toISOString();
}

function isVoteOf(id: string): (decision: Decision) => boolean {
  return (decision) => decision.by.id === id && isVote(decision);
}

function fits(item: QueueItem, filter: QueueFilter): boolean {
  const { riskAtLeast, dueBefore, urgencyAtLeast, notOf } = filter;
  const isParked = item.isFlooding || item.snoozedUntil !== null;
  const wanted: [unknown, unknown][] = [
    [filter.assignee, item.assignee],
    [filter.action, item.action],
    [filter.agent, item.agent],
    [filter.kind, item.kind],
    [filter.stage, item.stage],
    [filter.group, item.group],
    [filter.claimedBy, item.claim?.by],
  ];
  return (
    (filter.isSnoozed === true ? item.snoozedUntil !== null : !isParked) &&
    wanted.every(([asked, held]) => asked === undefined || asked === held) &&
    (filter.for === undefined || asksFor(item.asks, filter.for)) &&
    (riskAtLeast === undefined || item.risk === null || item.risk >= riskAtLeast) &&
    (dueBefore === undefined || (item.deadlineAt !== null && item.deadlineAt < dueBefore)) &&
    (urgencyAtLeast === undefined || URGENCIES.indexOf(item.urgency) >= URGENCIES.indexOf(urgencyAtLeast)) &&
    (notOf === undefined || !item.keptFrom.includes(notOf))
  );
}

function asksFor(
  asks: readonly Selector[],
  { roles = [], groups = [], person }: NonNullable<QueueFilter["for"]>,
): boolean {
  if (asks.length === 0) return true;
  return asks.some((selector) => {
    if ("role" in selector) return roles.includes(selector.role);
    return "group" in selector ? groups.includes(selector.group) : selector.person === person;
  });
}

function distinct(selectors: readonly Selector[]): Selector[] {
  const known = new Map(selectors.map((selector) => [canonicalJson(selector), selector]));
  return [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, selector]) => selector);
}

function placeIn(order: QueueOrder, { askedAt, id, urgency, deadlineAt, risk }: QueueItem): QueuePlace {
  switch (order) {
    case "urgency":
      return [-URGENCIES.indexOf(urgency), askedAt, id];
    case "oldest":
      return [askedAt, askedAt, id];
    case "deadline":
      return [deadlineAt ?? "infinity", askedAt, id];
    case "risk":
      return [singleRisk(-(risk ?? 1)), askedAt, id];
    default:
      return order satisfies never;
  }
}

function isAfter(one: QueuePlace, other: QueuePlace): boolean {
  for (const [nth, value] of one.entries()) {
    const against = other[nth] ?? "";
    if (value !== against) return value > against;
  }
  return false;
}

function ageOf({ askedAt, id }: Review): string {
  return `${askedAt} ${id}`;
}
