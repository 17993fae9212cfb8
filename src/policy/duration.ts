const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** A duration as it is written in a policy: ISO 8601 such as `PT4H`, `P1DT12H` or `P2W`; a day is 24 hours. */
export type DurationText = `P${string}`;

/** How short and how long a duration of a policy may be, in milliseconds. */
export const DURATION_LIMITS = { min: SECOND, max: 366 * DAY } as const;

/** What a duration is and what it may be, for error messages. */
export const A_DURATION =
  "a duration such as `PT30M`, `PT4H` or `P1D`, from 1 second to 366 days (weeks alone, or days, hours, minutes and " +
  "seconds; no months, no years, no fractions)";

const PATTERN = /^P(?:(\d{1,9})W|(?=[\dT])(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?)$/;

/** The milliseconds of a duration; nothing if the text is none or the duration is too short or too long. */
export function durationMs(text: string): number | undefined {
  const parts = PATTERN.exec(text);
  if (parts === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const ms = weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND;
  return ms >= DURATION_LIMITS.min && ms <= DURATION_LIMITS.max ? ms : undefined;
}

/** The one way of writing a duration that a policy's normal form uses: `PT90M` becomes `PT1H30M`. */
export function durationText(ms: number): DurationText {
  const [days, hours, minutes, seconds] = partsOf(ms);
  const time = [part(hours, "H"), part(minutes, "M"), part(seconds, "S")].join("");
  return `P${part(days, "D")}${time === "" ? "" : `T${time}`}`;
}

/** A duration for people: `30 minutes`, `a day`, `1 day and 12 hours`. */
export function durationInWords(ms: number): string {
  const counts = partsOf(ms);
  const units = ["day", "hour", "minute", "second"];
  const told = units.flatMap((unit, i) => {
    const count = counts[i] ?? 0;
    return count === 0 ? [] : [`${count} ${unit}${count === 1 ? "" : "s"}`];
  });
  if (told.length === 1) return (told[0] ?? "").replace(/^1 (?=h)/, "an ").replace(/^1 /, "a ");
  const last = told.pop() ?? "";
  return `${told.join(", ")} and ${last}`;
}

function partsOf(ms: number): [days: number, hours: number, minutes: number, seconds: number] {
  const whole = (unit: number, of: number): number => Math.floor((of === 0 ? ms : ms % of) / unit);
  return [whole(DAY, 0), whole(HOUR, DAY), whole(MINUTE, HOUR), whole(SECOND, MINUTE)];
}

function part(count: number, unit: string): string {
  return count === 0 ? "" : `${count}${unit}`;
}
