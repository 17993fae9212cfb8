import { z } from "zod";
import { identifier } from "./identifier.js";
import { PrincipalRecord } from "./principal.js";

/** What a halt is about: one agent, one action, one agent's one action, or, with neither named, everything. */
export const HaltScope = z.strictObject({
  /** Every agent if null. */
  agent: z.string().nullable(),
  /** Every action if null. */
  action: z.string().nullable(),
});
/** What a halt is about. */
export type HaltScope = z.infer<typeof HaltScope>;

/**
 * A standing order that nothing of its scope may run.
 *
 * | kind | new proposals | what is permitted, or will be |
 * | --- | --- | --- |
 * | `pause` | are routed as the policy says | is not claimed until the halt is lifted |
 * | `kill` | are blocked | is not claimed until the halt is lifted |
 *
 * What was claimed before is under way, and ends as it ends.
 */
export const Halt = z.strictObject({
  /** Follows from the scope: there is one halt of a scope at a time. */
  id: z.string(),
  ...HaltScope.shape,
  kind: z.enum(["pause", "kill"]),
  by: PrincipalRecord,
  reason: z.string(),
  at: z.string(),
});
/** A standing order that nothing of its scope may run. */
export type Halt = z.infer<typeof Halt>;

/** The id of the halt of a scope. */
export function haltId({ agent, action }: HaltScope): string {
  const part = (name: string | null): string => (name === null ? "any" : `only ${name}`);
  return identifier("halt", [part(agent), part(action)]);
}

/** The halt that stops an agent's action: of several a `kill` first, then the oldest; null if none does. */
export function haltOf(halts: Iterable<Halt>, of: { agent: string; action: string }): Halt | null {
  const applying = [...halts].filter(
    ({ agent, action }) => (agent ?? of.agent) === of.agent && (action ?? of.action) === of.action,
  );
  return applying.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))[0] ?? null;
}

function place({ kind, at, id }: Halt): string {
  return `${kind === "kill" ? 0 : 1} ${at} ${id}`;
}

/** A halt's scope in words, such as `agent "mailer", action "send"` or `everything`. */
export function scopeInWords({ agent, action }: HaltScope): string {
  const named = [
    ...(agent === null ? [] : [`agent ${JSON.stringify(agent)}`]),
    ...(action === null ? [] : [`action ${JSON.stringify(action)}`]),
  ];
  return named.length === 0 ? "everything" : named.join(", ");
}
