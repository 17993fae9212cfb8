import { AssentError } from "../model/error.js";
import { isPlainText } from "./plain-text.js";
import type { QueueOrder, QueueRequest } from "./queueing.js";

/** Where a page ended: the sorted-by value, when it was asked, and the id, of the last review that was looked at. */
export type QueuePlace = readonly [value: number | string, askedAt: string, id: string];

/** Writes a place as the cursor that clients hand back. */
export function cursorOf(order: QueueOrder, place: QueuePlace): string {
  return Buffer.from(JSON.stringify([order, ...place]), "utf8").toString("base64url");
}

/**
 * Reads a cursor. Clients hand it back, so nothing of it is taken for granted.
 *
 * @throws AssentError `cursor_invalid`, also for one of another order.
 */
export function placeOf({ cursor, order }: Pick<QueueRequest, "cursor" | "order">): QueuePlace | null {
  if (cursor === undefined || cursor === null) return null;
  try {
    const [of, ...place] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    if (of === order && isPlace(order, place)) return place;
  } catch {
    // Told below, with what was seen.
  }
  throw new AssentError("cursor_invalid", {
    what: "The cursor is not where a page of this order ended",
    where: "cursor",
    seen: cursor,
    fix: "Pass on the `next` of the page before, with the same order, or start without one",
  });
}

function isPlace(order: QueueOrder, place: readonly unknown[]): place is QueuePlace {
  const [value, askedAt, id] = place;
  if (place.length !== 3 || !isMoment(askedAt) || typeof id !== "string" || !isPlainText(id)) return false;
  switch (order) {
    case "urgency":
      return Number.isInteger(value) && Math.abs(Number(value)) < 10;
    case "risk":
      return typeof value === "number" && value === singleRisk(value);
    case "oldest":
      return isMoment(value);
    case "deadline":
      return value === "infinity" || isMoment(value);
    default:
      return order satisfies never;
  }
}

/** A risk as a column of single precision can hold it: between -1 and 1, what is next to nothing as nothing. */
export function singleRisk(risk: number): number {
  return Math.abs(risk) < 1e-30 ? 0 : Math.max(-1, Math.min(1, risk));
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/;

/** Whether a value is a moment as ledgers write them: ISO 8601, to the microsecond. */
export function isMoment(value: unknown): value is string {
  const [, year, month, day] = (typeof value === "string" && MOMENT.exec(value)) || [];
  if (year === undefined || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return false;
  return !Number.isNaN(Date.parse(value as string));
}
