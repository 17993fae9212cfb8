import type { Amount } from "../model/facts.js";
import type { PrincipalRecord } from "../model/principal.js";
import { holds, type Qualification, type Reviewer } from "../model/reviewer.js";
import { durationInWords, durationMs } from "../policy/duration.js";
import { sumOf } from "../policy/history.js";
import { isMeant } from "./allowed.js";
import type { Authority, LimitRule } from "./authority.js";

/** What a person would let run. */
export interface LimitSubject {
  readonly action: string;
  readonly amount: Amount | undefined;
}

/** What has to be known of the past of one person: the sum of the amounts that they approved, within a window that ends now. */
export interface LimitQuery {
  /** Only amounts in it are summed. */
  readonly currency: string;
  /** Only cases of these actions; every action if null. */
  readonly actions: readonly string[] | null;
  readonly overMs: number;
}

interface Window {
  readonly query: LimitQuery;
  /** The most that the person may approve within it. */
  readonly upTo: number;
}

/**
 * Whether an amount is beyond what somebody may let run: why, or null if it is not.
 *
 * Limits apply that name the action, or that name none if there is an amount. If none applies, amounts do not matter;
 * if any does, then
 *
 * - the amount has to be known;
 * - of the limits for one case (without `over`), if there are any, the person needs one of their own, by role or by id,
 *   in this currency; the highest counts;
 * - of the limits within a time (`over`), the person's own in this currency count: for each time and each set of
 *   actions that is summed, the most generous one. `approvedBefore` says what came before this case; what cannot be
 *   known is beyond every limit;
 * - whoever has no limit at all in this currency lets nothing run.
 */
export function whyBeyondLimits(
  authority: Authority,
  by: PrincipalRecord,
  subject: LimitSubject,
  approvedBefore: (query: LimitQuery) => number,
): string | null {
  const applying = limitsOn(authority, subject);
  if (applying.length === 0) return null;
  const { action, amount } = subject;
  if (amount === undefined || !isExact(amount.value)) {
    return `${by.name} may let ${action} run only up to a limit, and its amount is not known`;
  }
  const { value, currency } = amount;
  const forOneCase = applying.filter(({ over }) => over === undefined);
  const windows = windowsOf(applying, by, currency);
  const highest = highestOf(forOneCase, by, currency);
  if (highest === undefined && (forOneCase.length > 0 || windows.length === 0)) {
    return `${by.name} has no limit in ${currency} up to which ${action} may be approved`;
  }
  if (highest !== undefined && sumOf(0, value) > highest) {
    return `${by.name} may approve up to ${moneyInWords(highest, currency)}; this is ${moneyInWords(value, currency)}`;
  }
  for (const { query, upTo } of windows) {
    const before = approvedBefore(query);
    const time = durationInWords(query.overMs);
    if (!isExact(before)) return `what ${by.name} has approved in ${currency} within ${time} is not known`;
    const sum = sumOf(before, value);
    if (sum > upTo) {
      return (
        `${by.name} has approved ${moneyInWords(before, currency)} within ${time}; with this ${moneyInWords(value, currency)} ` +
        `it would be ${moneyInWords(sum, currency)}, and the limit is ${moneyInWords(upTo, currency)}`
      );
    }
  }
  return null;
}

/** What {@link whyBeyondLimits} has to know of the past; the very queries that it asks. */
export function cumulativeQueries(authority: Authority, by: PrincipalRecord, subject: LimitSubject): LimitQuery[] {
  const { amount } = subject;
  if (amount === undefined) return [];
  return windowsOf(limitsOn(authority, subject), by, amount.currency).map(({ query }) => query);
}

/**
 * Whether somebody lacks a licence or a training that letting an action run needs: what, or null. Who is not registered
 * (null) holds none.
 */
export function whyNotQualified(
  { source: { needs } }: Authority,
  action: string,
  reviewer: Reviewer | null,
  now: string,
): string | null {
  const lacking = new Set<string>();
  for (const { licence, training } of needs.filter((need) => need.action.includes(action))) {
    const held = [
      ["licence", licence, reviewer?.licences ?? []],
      ["training", training, reviewer?.training ?? []],
    ] as const;
    for (const [kind, name, list] of held) {
      if (name !== undefined && !holds(list, name, now)) lacking.add(`${kind} ${name}${whenItEnded(list, name)}`);
    }
  }
  if (lacking.size === 0) return null;
  const what = [...lacking].join(" and ");
  return reviewer === null
    ? `to let ${action} run needs ${what}, and who is not registered holds none`
    : `${reviewer.name} may not let ${action} run without ${what}`;
}

function whenItEnded(list: readonly Qualification[], name: string): string {
  const ends = list.flatMap((held) => (held.name === name && held.until !== null ? [held.until] : []));
  const last = ends.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  return last === undefined ? "" : ` (ran out at ${last})`;
}

function limitsOn({ source: { limits } }: Authority, { action, amount }: LimitSubject): readonly LimitRule[] {
  return limits.filter((limit) => (limit.action === undefined ? amount !== undefined : limit.action.includes(action)));
}

function isOwn({ role, person }: LimitRule, by: PrincipalRecord): boolean {
  return isMeant(role === undefined ? { person } : { role }, by);
}

function highestOf(limits: readonly LimitRule[], by: PrincipalRecord, currency: string): number | undefined {
  const own = limits.filter((limit) => isOwn(limit, by)).flatMap(({ upTo }) => upTo);
  const values = own.flatMap((amount) => (amount.currency === currency ? [amount.value] : []));
  return values.length === 0 ? undefined : Math.max(...values);
}

// Two limits of one time can be weighed against each other only where they sum the same cases.
function windowsOf(limits: readonly LimitRule[], by: PrincipalRecord, currency: string): readonly Window[] {
  const windows = new Map<string, Window>();
  for (const limit of limits) {
    const upTo = highestOf([limit], by, currency);
    const overMs = limit.over === undefined ? undefined : durationMs(limit.over);
    if (upTo === undefined || overMs === undefined) continue;
    const actions = limit.action ?? null;
    const key = JSON.stringify([overMs, actions]);
    const other = windows.get(key)?.upTo ?? upTo;
    windows.set(key, { query: { currency, actions, overMs }, upTo: Math.max(upTo, other) });
  }
  return [...windows.values()];
}

// Beyond 2^53 - 1 whole numbers are not exact, and a sum of them proves nothing.
function isExact(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 20 });

function moneyInWords(value: number, currency: string): string {
  return `${grouped.format(value)} ${currency}`;
}
