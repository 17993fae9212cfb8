import { types } from "node:util";
import type { z } from "zod";
import type { Action } from "../model/action.js";
import { MAX_JSON_DEPTH } from "../model/canonical-json.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";

/** Whose words they are that do not fit: an agent's or a reviewer's arguments, or the answer to a question. */
export type Whose = "arguments" | "answer";

/**
 * Checks arguments against the action's schema and gives the parsed ones, without members that are undefined: JSON
 * has no such thing, and an optional member left out means the same.
 */
export function parseArgs<Schema extends z.ZodObject, Result>(
  action: Action<Schema, Result>,
  args: unknown,
  whose: Whose = "arguments",
): z.output<Schema> {
  let parsed: z.ZodSafeParseResult<z.output<Schema>>;
  try {
    parsed = action.args.safeParse(args);
    // Zod writes its complaints when they are first read, and looks at the value again to do so.
    void parsed.error;
  } catch (cause) {
    throw new AssentError("args_invalid", {
      what: `The schema of the action "${action.name}" threw`,
      where: "args",
      fix: "Pass plain data; refinements must be synchronous and may not throw",
      cause,
    });
  }
  if (parsed.success) return withoutUndefined(parsed.data) as z.output<Schema>;
  throw misfit(action.name, args, { whose, error: parsed.error });
}

function misfit(action: string, args: unknown, { whose, error }: { whose: Whose; error: z.ZodError }): AssentError {
  const { issues } = error;
  if (whose === "answer" && issues.every(({ path }) => path[0] === "answer")) {
    // Whoever answers knows nothing of the arguments that their answer is kept in.
    const own = issues.map((issue) => ({ ...issue, path: issue.path.slice(1) }));
    return new AssentError("args_invalid", {
      what: `The answer does not fit the question: ${wordsOf(own)}`,
      where: ["answer", ...(own[0]?.path ?? [])].join("."),
      seen: (args as { answer?: unknown }).answer,
      cause: error,
    });
  }
  return new AssentError("args_invalid", {
    what: `The arguments do not fit the action "${action}": ${wordsOf(issues)}`,
    where: `args.${issues[0]?.path.join(".") ?? ""}`,
    seen: args,
    cause: error,
  });
}

/**
 * Arguments as they may be recorded: parsed, and parsed again they stay the same, for that is what `execute` does with
 * them.
 */
export function stableArgs<Schema extends z.ZodObject, Result>(
  action: Action<Schema, Result>,
  args: unknown,
  whose?: Whose,
): z.output<Schema> {
  const parsed = parseArgs(action, args, whose);
  if (digest(parsed) === digest(parseArgs(action, parsed))) return parsed;
  throw new AssentError("action_invalid", {
    what: `The schema of the action "${action.name}" changes its own output when it parses it again`,
    where: "args",
    seen: parsed,
    fix: "Use a schema without preprocessing or other changes to the value",
  });
}

/**
 * A copy without undefined members. What has no canonical JSON is left as it is, and none of it is run: digesting it
 * says why.
 */
function withoutUndefined(value: unknown, around: readonly unknown[] = []): unknown {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return value;
  if (around.includes(value) || around.length >= MAX_JSON_DEPTH) return value;
  const properties = Object.getOwnPropertyDescriptors(value);
  if (Object.values(properties).some((property) => !("value" in property))) return value;
  const inside = [...around, value];
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item, inside));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutUndefined(member, inside)]));
}

/** What is wrong with a value, on one line. */
export function issuesOf(error: z.ZodError): string {
  return wordsOf(error.issues);
}

function wordsOf(issues: readonly Pick<z.core.$ZodIssue, "path" | "message">[]): string {
  return issues.map(({ path, message }) => `${path.join(".") || "(whole)"}: ${message}`).join("; ");
}
