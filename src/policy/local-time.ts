import type { ReadFact } from "./fact-row.js";
import { WEEKDAYS } from "./triggers.js";

/** The hour and the weekday of one moment in one time zone, as facts. */
export interface LocalTime {
  readonly hour: ReadFact;
  readonly weekday: ReadFact;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
// The first of January 1970 was a Thursday.
const THURSDAY = 3;
const NAME = /^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*$/;

/** Whether this is the IANA name of a time zone that this Node knows. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name) || name.length > 60) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

/** The moment of a text as `Date.toISOString` writes it; nothing if it is none. */
export function momentOf(text: unknown): number | undefined {
  if (typeof text !== "string" || text.length > 30) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) || new Date(moment).toISOString() !== text ? undefined : moment;
}

/** Tells the local time of one time zone. Asking is cheap: the calendar is consulted once a minute at most. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat | undefined;
  #minute: number | undefined;
  #last: LocalTime = localTime(0, THURSDAY);

  constructor(timeZone: string) {
    if (timeZone === "UTC") return;
    const parts = { weekday: "short", hour: "2-digit", hourCycle: "h23" } as const;
    this.#format = new Intl.DateTimeFormat("en-US", { ...parts, timeZone });
  }

  /** The local time at a moment. */
  at(moment: number): LocalTime {
    const minute = Math.floor(moment / MINUTE);
    // No zone has had other offsets than whole minutes since 1972.
    if (minute !== this.#minute) this.#last = this.#read(moment);
    this.#minute = minute;
    return this.#last;
  }

  #read(moment: number): LocalTime {
    if (this.#format === undefined) {
      const day = (Math.floor(moment / DAY) + THURSDAY) % 7;
      return localTime(new Date(moment).getUTCHours(), day < 0 ? day + 7 : day);
    }
    const parts = new Map(this.#format.formatToParts(moment).map(({ type, value }) => [type, value]));
    const weekday = (parts.get("weekday") ?? "").toLowerCase();
    return localTime(
      Number(parts.get("hour")),
      WEEKDAYS.findIndex((name) => name === weekday),
    );
  }
}

function localTime(hour: number, day: number): LocalTime {
  return {
    hour: { kind: "number", value: hour, whole: true },
    weekday: { kind: "string", value: WEEKDAYS[day] ?? "" },
  };
}

const WEEK_HOURS = 7 * 24;
// A Monday in a week in which no clock is changed anywhere.
const QUIET_MONDAY = Date.UTC(2025, 0, 13);
const YEAR_QUARTERS = 365 * 24 * 4;

/**
 * A moment for everything that the clocks of these zones can show at once, as far as hours and weekdays go: for one zone
 * each hour of a week, for several whatever comes up in the course of a year.
 */
export function momentsIn(zones: readonly string[]): readonly number[] {
  if (zones.length <= 1) return Array.from({ length: WEEK_HOURS }, (_, i) => QUIET_MONDAY + i * 60 * MINUTE);
  const key = zones.join();
  const known = remembered.get(key) ?? momentsInYear(zones.map((zone) => new ZoneClock(zone)));
  if (remembered.size < MAX_REMEMBERED) remembered.set(key, known);
  return known;
}

function momentsInYear(clocks: readonly ZoneClock[]): readonly number[] {
  const seen = new Map<string, number>();
  for (let i = 0; i < YEAR_QUARTERS; i++) {
    const moment = QUIET_MONDAY + i * 15 * MINUTE;
    const shown = clocks
      .map((clock) => clock.at(moment))
      .map(({ hour, weekday }) => JSON.stringify([hour, weekday]))
      .join();
    if (!seen.has(shown)) seen.set(shown, moment);
  }
  return [...seen.values()];
}

// Going through a year takes a tenth of a second, and most policies name the same few zones.
const remembered = new Map<string, readonly number[]>();
const MAX_REMEMBERED = 50;
