import { z } from "zod";
import { AssentError, shown } from "../model/error.js";
import type { Amount } from "../model/facts.js";
import { oneLine } from "../model/visible-text.js";
import { A_DURATION, durationMs, durationText } from "../policy/duration.js";
import { nearestWord, Problems } from "../policy/problems.js";
import { readAmount } from "../policy/read-test.js";
import { POLICY_LIMITS } from "../policy/source.js";
import { pathOf, treeOf } from "../policy/tree.js";
import type { AuthorityDocument } from "./authority.js";

const MAX_NAME = 100;
const MAX_LINE_COLUMNS = 1000;

/**
 * Reads an authority document into its normal form. Every message says what is expected; path and value are added
 * where the problems are told.
 *
 * @throws AssentError `authority_invalid`.
 */
export function readAuthority(source: unknown): AuthorityDocument {
  let parsed: ReturnType<typeof Document.safeParse>;
  try {
    parsed = Document.safeParse(source, { reportInput: true });
  } catch (cause) {
    throw new AssentError("authority_invalid", {
      what: "The authority document cannot be loaded: reading the object threw",
      fix: "Pass plain data",
      cause,
    });
  }
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap(told).map((line) => `\n  ${oneLine(line, MAX_LINE_COLUMNS)}`);
  const count = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
  throw new AssentError("authority_invalid", {
    what: `The authority document cannot be loaded, ${count}:${lines.join("")}`,
    cause: parsed.error,
  });
}

function told(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.reduce<string>((at, key) => pathOf(at, typeof key === "number" ? key : String(key)), "$");
  if (issue.code === "unrecognized_keys") {
    const words = issue.message.split(", ");
    return issue.keys.map((key) => {
      const near = nearestWord(key, words);
      const hint = near === undefined ? "" : `: did you mean \`${near}\`?`;
      return `${pathOf(path, key)}: expected a key of this part (${issue.message}); seen \`${oneLine(key, 60)}\`${hint}`;
    });
  }
  const seen = issue.input === undefined ? "it is missing" : `seen ${oneLine(seenOf(issue.input), 120)}`;
  return [`${path}: expected ${issue.message}; ${seen}`];
}

function seenOf(value: unknown): string {
  return typeof value === "number" ? String(value) : shown(value);
}

/** A plain object with these keys and no others. */
function part<Shape extends z.core.$ZodLooseShape>(what: string, shape: Shape) {
  const keys = Object.keys(shape).join(", ");
  // An instance of a class, such as a Map, would pass for an object without any of the keys.
  return z
    .unknown()
    .refine(isPlain, what)
    .pipe(z.strictObject(shape, { error: ({ code }) => (code === "unrecognized_keys" ? keys : what) }));
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A name on one line, with nothing invisible in it. */
function name(what: string): z.ZodType<string> {
  const expected = `${what} (a text on one line, 1 to ${MAX_NAME} visible characters)`;
  return z
    .string(expected)
    .refine((text) => text !== "" && text.length <= MAX_NAME && oneLine(text, Infinity) === text, expected);
}

/** A list in which nothing stands twice. */
function names(what: string, { min }: { min: number }): z.ZodType<string[]> {
  const expected = `a list of at most ${POLICY_LIMITS.listItems} names, at least ${min}, each ${what}`;
  return z
    .array(name(what), expected)
    .min(min, expected)
    .max(POLICY_LIMITS.listItems, expected)
    .superRefine((list, context) => {
      list.forEach((item, i) => {
        const isRepeated = list.indexOf(item) < i;
        if (isRepeated)
          context.addIssue({ code: "custom", path: [i], input: item, message: `${what} not yet in this list` });
      });
    });
}

/** One thing or a list of it, as a list. */
function oneOrMore<T>(one: z.ZodType<T>, list: z.ZodType<T[]>): z.ZodType<T[]> {
  // A union would tell only that neither fits, not what is wrong with the one that was meant.
  return z.unknown().transform((value, { issues }): T[] => {
    const isList = Array.isArray(value);
    const parsed = (isList ? list : one).safeParse(value, { reportInput: true });
    if (parsed.success) return isList ? (parsed.data as T[]) : [parsed.data as T];
    issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  });
}

const sorted = (list: string[]): string[] => list.toSorted();

const AnAction = name("an action's name");
const Actions = oneOrMore(AnAction, names("an action's name", { min: 1 })).transform(sorted);

const AMOUNT =
  "an amount such as `50 USD` or `{ value: 50, currency: USD }`: a number of at least 0 and three capital letters";
const AnAmount = z.unknown().transform((value, context): Amount => {
  const problems = new Problems();
  const amount = readAmount(treeOf(value, problems), problems);
  if (amount !== undefined && problems.count === 0) return amount;
  context.addIssue({ code: "custom", input: value, message: AMOUNT });
  return z.NEVER;
});
const AMOUNTS = "a list of amounts, at least one, each in a currency of its own";
const Amounts = oneOrMore(
  AnAmount,
  z
    .array(AnAmount, AMOUNTS)
    .min(1, AMOUNTS)
    .max(POLICY_LIMITS.listItems, AMOUNTS)
    .refine((list) => new Set(list.map(({ currency }) => currency)).size === list.length, AMOUNTS)
    .transform((list) => list.toSorted((a, b) => (a.currency < b.currency ? -1 : 1))),
);

const Duration = z.unknown().transform((value, context) => {
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms !== undefined) return durationText(ms);
  context.addIssue({ code: "custom", input: value, message: A_DURATION });
  return z.NEVER;
});

const LIMIT = "a limit such as `{ role: manager, upTo: 10000 USD }`";
const Limit = part(LIMIT, {
  role: name("a role").optional(),
  person: name("a person's id").optional(),
  action: Actions.optional(),
  upTo: Amounts,
  over: Duration.optional(),
})
  .refine(({ role, person }) => (role === undefined) !== (person === undefined), `${LIMIT}, with either role or person`)
  .transform(({ role, person, action, upTo, over }) => ({
    ...(role === undefined ? { person: person ?? "" } : { role }),
    ...(action === undefined ? {} : { action }),
    upTo,
    ...(over === undefined ? {} : { over }),
  }));

const NEED = "what has to be held, such as `{ action: close-account, licence: series-7 }`";
const Need = part(NEED, {
  action: Actions,
  licence: name("a licence's name").optional(),
  training: name("a training's name").optional(),
})
  .refine(
    ({ licence, training }) => licence !== undefined || training !== undefined,
    `${NEED}, with licence or training`,
  )
  .transform(({ action, licence, training }) => ({
    action,
    ...(licence === undefined ? {} : { licence }),
    ...(training === undefined ? {} : { training }),
  }));

const OWNERS = "ids of owners by the agent's name, such as `{ support: [bo] }`";
const Owners = z
  .unknown()
  .refine(isPlain, OWNERS)
  // Zod leaves this key out without a word, and then nobody would be kept from it.
  .refine(
    (owners) => !isPlain(owners) || !Object.hasOwn(owners as object, "__proto__"),
    `${OWNERS}, none named __proto__`,
  )
  .pipe(z.record(name("an agent's name"), names("a person's id", { min: 1 }).transform(sorted), OWNERS));

const Segregation = part("what keeps people from letting a case run, such as `{ requester: true }`", {
  requester: z.boolean("true or false").default(true),
  agentOwners: Owners.default({}),
  policyAuthors: names("a person's id", { min: 0 }).transform(sorted).default([]),
});

function listOf<Item extends z.ZodType>(what: string, item: Item) {
  const expected = `a list of at most ${POLICY_LIMITS.listItems}, each ${what}`;
  return z.array(item, expected).max(POLICY_LIMITS.listItems, expected);
}

const Document = part("an authority document such as `{ limits: [ { role: manager, upTo: 10000 USD } ] }`", {
  limits: listOf(LIMIT, Limit).default([]),
  needs: listOf(NEED, Need).default([]),
  segregation: Segregation.default({ requester: true, agentOwners: {}, policyAuthors: [] }),
  seniority: names("a role", { min: 0 }).default([]),
});
