import { z } from "zod";
import { AssentError } from "./error.js";
import type { Facts } from "./facts.js";
import type { Novelty } from "./novelty.js";

/** What a running action is given besides its arguments. */
export interface RunContext {
  /** The permit's id: the same for every attempt at this one effect. Hand it to the service you call. */
  idempotencyKey: string;
  /** Aborts when the run is cancelled or the claim on the permit is lost. */
  signal: AbortSignal;
  /** The proposal that is being carried out. */
  proposalId: string;
}

/**
 * A side effect, declared once. `Schema` is the Zod schema of its arguments, `Result` what `run` gives back, `Name` its
 * name, letter by letter where TypeScript can know it.
 */
export interface ActionDefinition<
  Schema extends z.ZodObject = z.ZodObject,
  Result = unknown,
  Name extends string = string,
> {
  /** Unique name; what policies and reviewers call it. Letters, digits, `.`, `_` and `-`. */
  name: Name;
  /** The arguments' schema: an object that JSON Schema can express (no transforms, no dates). */
  args: Schema;
  /** One sentence on the effect, made from the arguments alone, never from the agent's words. */
  summary: (args: z.output<Schema>) => string;
  /** Facts for the policy that follow from the arguments; they win over what the agent claims. */
  facts?: (args: z.output<Schema>) => Facts;
  /** Lets the ledger tell the fact `novelty`, whatever the agent claims: see `noveltyFrom`. */
  novelty?: Novelty;
  /**
   * Whether running it twice with one idempotency key has one effect. An idempotent action is tried again after a
   * crash or a throw; any other becomes `in-doubt`, unless it threw {@link notStarted}.
   */
  idempotent: boolean;
  /** Carries it out. What it returns is kept as the outcome's result. */
  run: (args: z.output<Schema>, context: RunContext) => Result | Promise<Result>;
  /** Takes it back. */
  undo?: (args: z.output<Schema>, result: Result, context: RunContext) => unknown;
  /** How often a failing run is tried before the outcome is `failed`; 3 unless said. */
  attemptsMax?: number;
}

/** A declared action; made by {@link defineAction}. */
export interface Action<
  Schema extends z.ZodObject = z.ZodObject,
  Result = unknown,
  Name extends string = string,
> extends ActionDefinition<Schema, Result, Name> {
  /** JSON Schema of the arguments, for clients that draw a form. */
  argsJsonSchema: Record<string, unknown>;
  attemptsMax: number;
}

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/**
 * Declares a side effect that Assent may guard.
 *
 * @throws AssentError `action_invalid` if the name or the schema cannot be used.
 * @example
 * ```ts
 * import { defineAction } from "assent";
 * import { z } from "zod";
 *
 * export const refund = defineAction({
 *   name: "refund",
 *   args: z.object({ orderId: z.string(), amount: z.number().positive() }),
 *   summary: (a) => `Refund ${a.amount} USD on order ${a.orderId}`,
 *   facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
 *   idempotent: true,
 *   run: async (a, { idempotencyKey }) => ({ id: `${a.orderId}:${idempotencyKey}` }),
 * });
 * ```
 */
export function defineAction<Schema extends z.ZodObject, Result, const Name extends string = string>(
  definition: ActionDefinition<Schema, Result, Name>,
): Action<Schema, Result, Name> {
  const { name, attemptsMax = 3 } = definition;
  if (!NAME.test(name)) {
    throw new AssentError("action_invalid", {
      what: "An action's name must start with a letter and hold letters, digits, '.', '_' or '-' (64 at most)",
      seen: name,
    });
  }
  if (typeof definition.idempotent !== "boolean") {
    throw new AssentError("action_invalid", {
      what: `Action "${name}" does not say whether it is idempotent`,
      where: "idempotent",
      seen: definition.idempotent,
      fix: "Say idempotent: true if running it twice with one idempotency key has one effect, else false",
    });
  }
  if (!Number.isInteger(attemptsMax) || attemptsMax < 1 || attemptsMax > 100) {
    throw new AssentError("action_invalid", {
      what: `Action "${name}" needs a whole number of attempts from 1 to 100`,
      where: "attemptsMax",
      seen: attemptsMax,
    });
  }
  return { ...definition, attemptsMax, argsJsonSchema: jsonSchemaOf(name, definition.args) };
}

function jsonSchemaOf(name: string, schema: z.ZodObject): Record<string, unknown> {
  try {
    // What comes out of a transform would go through it again before the action runs; only this direction shows one.
    z.toJSONSchema(schema, { io: "output" });
    const { $schema: _dialect, ...body } = z.toJSONSchema(schema, { io: "input" });
    return body;
  } catch (cause) {
    throw new AssentError("action_invalid", {
      what: `The arguments of action "${name}" have no JSON Schema`,
      where: "args",
      fix: "Use plain JSON types: no dates, transforms, maps or custom types",
      cause,
    });
  }
}

/**
 * What an action throws when it knows that nothing happened, for example because the connection was refused. Assent
 * may then try again even if the action is not idempotent.
 *
 * @example
 * ```ts
 * import { defineAction, notStarted } from "assent";
 * import { z } from "zod";
 *
 * declare const bank: { isOpen(): Promise<boolean>; transfer(cents: number): Promise<string> };
 *
 * export const transfer = defineAction({
 *   name: "transfer",
 *   args: z.object({ cents: z.int() }),
 *   summary: ({ cents }) => `Transfer ${cents} cents`,
 *   idempotent: false,
 *   run: async ({ cents }) => {
 *     if (!(await bank.isOpen())) throw notStarted("the bank is closed");
 *     return bank.transfer(cents);
 *   },
 * });
 * ```
 */
export function notStarted(reason: string, cause?: unknown): AssentError {
  return new AssentError("not_started", { what: reason, cause });
}
