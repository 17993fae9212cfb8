import type { FactKind } from "./fact-kinds.js";
import { fieldsOf, NOTHING_MISPLACED, readDuration, readNumber, readWord, type Shape } from "./fields.js";
import { isTimeZone } from "./local-time.js";
import type { Problems } from "./problems.js";
import type { ConditionSettings } from "./read-condition.js";
import { readNames } from "./read-rule.js";
import { checkCurrency, readAmount, readTest } from "./read-test.js";
import type { Tree } from "./tree.js";
import { type CumulativeDocument, LIMITS, type RateDocument, type TimeDocument, WEEKDAYS } from "./triggers.js";

const TIME: Shape = {
  what: "a test of the time such as `{ hour: { lt: 6 } }` or `{ weekday: { in: [ sat, sun ] } }`",
  key: "what of the time is tested",
  keys: ["hour", "weekday", "timeZone"],
  misplaced: NOTHING_MISPLACED,
};
const CUMULATIVE: Shape = {
  what: "a test of a sum such as `{ of: amount, per: customer, over: P1D, gt: 10000 USD }`",
  key: "a key of `cumulative`",
  keys: ["of", "per", "action", "over", ...LIMITS],
  misplaced: NOTHING_MISPLACED,
};
const RATE: Shape = {
  what: "a test of a number of cases such as `{ per: agent, over: PT1H, gt: 20 }`",
  key: "a key of `rate`",
  keys: ["per", "action", "over", ...LIMITS],
  misplaced: new Map([["of", "under `cumulative`; a rate is always of cases"]]),
};
const HOUR: FactKind = { type: "number", min: 0, max: 23 };
const WEEKDAY: FactKind = { type: "string", words: WEEKDAYS, what: "a weekday" };

/** Reads `time`. */
export function readTime(tree: Tree, { timeZone, problems }: ConditionSettings): TimeDocument {
  const fields = fieldsOf(tree, TIME, problems);
  const [hour, weekday, zone] = [fields?.get("hour"), fields?.get("weekday"), fields?.get("timeZone")];
  if (fields !== undefined && hour === undefined && weekday === undefined) problems.expected(tree, TIME.what);
  const own = zone === undefined ? timeZone : readZone(zone, problems);
  return {
    ...(hour === undefined ? {} : { hour: readTest("hour", HOUR, hour, problems) as TimeDocument["hour"] & object }),
    timeZone: own,
    ...(weekday === undefined
      ? {}
      : { weekday: readTest("weekday", WEEKDAY, weekday, problems) as TimeDocument["weekday"] & object }),
  };
}

/** Reads a time zone by its IANA name. */
export function readZone(tree: Tree, problems: Problems): string {
  if (tree.kind === "leaf" && typeof tree.value === "string" && isTimeZone(tree.value)) return tree.value;
  problems.expected(tree, "a time zone by its IANA name, such as `Europe/Berlin`");
  return "UTC";
}

/** Reads `cumulative`. */
export function readCumulative(tree: Tree, settings: ConditionSettings): CumulativeDocument {
  const { problems } = settings;
  const fields = fieldsOf(tree, CUMULATIVE, problems);
  const ofTree = fields?.get("of");
  if (fields !== undefined && ofTree === undefined) {
    problems.add(tree.place, "expected `of` (amount, count); it is missing");
  }
  const of = ofTree && readWord(ofTree, "what is added up", ["amount", "count"], problems);
  const scope = readScope(tree, fields, settings);
  if (of === undefined) return { of: "count", ...scope };
  if (of === "count") return { ...readLimits(tree, fields, readCount, problems), of, ...scope };
  const limits = readLimits(tree, fields, readAmount, problems);
  checkCurrency(tree, Object.values(limits), problems);
  return { ...limits, of, ...scope };
}

/** Reads `rate`. */
export function readRate(tree: Tree, settings: ConditionSettings): RateDocument {
  const fields = fieldsOf(tree, RATE, settings.problems);
  const limits = readLimits(tree, fields, readCount, settings.problems);
  return { ...limits, ...readScope(tree, fields, settings) };
}

type Fields = ReadonlyMap<string, Tree> | undefined;

function readScope(
  tree: Tree,
  fields: Fields,
  settings: ConditionSettings,
): Pick<RateDocument, "action" | "over" | "per"> {
  const { problems } = settings;
  const action = readNames(fields?.get("action"), "an action's name", problems);
  const over = fields?.get("over");
  if (fields !== undefined && over === undefined) {
    problems.add(tree.place, "expected `over`, how far back, such as `over: P1D`; it is missing");
  }
  const per = fields?.get("per");
  return {
    ...(action === undefined ? {} : { action }),
    over: (over && readDuration(over, problems)) ?? "P1D",
    ...(per === undefined ? {} : { per: readPer(per, settings) }),
  };
}

function readPer(tree: Tree, { kinds, problems }: ConditionSettings): string[] {
  const names = readNames(tree, "the name of a fact", problems) ?? [];
  const usable = [...kinds].flatMap(([name, kind]) => (kind === undefined || kind.type === "string" ? [name] : []));
  const items = tree.kind === "list" ? tree.items : [tree];
  for (const item of items) {
    const value = item.kind === "leaf" ? item.value : undefined;
    if (typeof value !== "string" || usable.includes(value)) continue;
    const kind = kinds.get(value);
    if (kind === undefined) problems.unknownWord(item.place, value, "a declared fact of type string", usable);
    else
      problems.add(
        item.place,
        `expected a fact of type string (${usable.join(", ")}); \`${value}\` is of type ${kind.type}`,
      );
  }
  return names;
}

function readLimits<T>(
  tree: Tree,
  fields: Fields,
  read: (tree: Tree, problems: Problems) => T | undefined,
  problems: Problems,
): { gt?: T; gte?: T; lt?: T; lte?: T } {
  const limits: { gt?: T; gte?: T; lt?: T; lte?: T } = {};
  let given = 0;
  for (const limit of LIMITS) {
    const operand = fields?.get(limit);
    if (operand === undefined) continue;
    given += 1;
    const value = read(operand, problems);
    if (value !== undefined) limits[limit] = value;
  }
  if (fields !== undefined && given === 0)
    problems.add(tree.place, `expected a limit (${LIMITS.join(", ")}); it is missing`);
  return limits;
}

function readCount(tree: Tree, problems: Problems): number | undefined {
  const what = "a whole number of cases, from 0";
  const count = readNumber(tree, what, { min: 0 }, problems);
  if (count === undefined || Number.isInteger(count)) return count;
  problems.expected(tree, what);
  return undefined;
}
