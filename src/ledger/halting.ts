import { auditEntry } from "../model/audit-event.js";
import { haltId, type Halt, type HaltScope } from "../model/halt.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { JournalEntry } from "./journal.js";
import { requirePlainText } from "./plain-text.js";

/** A halt to keep. */
export type HaltRequest = Omit<Halt, "id">;

/** A halt to lift. */
export interface LiftRequest extends HaltScope {
  by: PrincipalRecord;
  reason: string;
  at: string;
}

/** Somebody halted a scope. */
export function haltedEntry(halt: Halt): JournalEntry {
  const { id, at, agent, action, kind, by, reason } = halt;
  const text = auditEntry({ kind: "halted", at, proposal: id, data: { agent, action, kind, by: { ...by }, reason } });
  return { kind: "halted", proposalId: id, text };
}

/** Somebody lifted the halt of a scope. */
export function liftedEntry({ agent, action, by, reason, at }: LiftRequest): JournalEntry {
  const id = haltId({ agent, action });
  const text = auditEntry({ kind: "lifted", at, proposal: id, data: { agent, action, by: { ...by }, reason } });
  return { kind: "lifted", proposalId: id, text };
}

/** Whether a request says what stands already: the same call, repeated, or a second person's. */
export function isStanding(standing: Halt | undefined, { kind }: HaltRequest): standing is Halt {
  return standing?.kind === kind;
}

/** The texts of a halt. */
export function requireHaltText({ agent, action, reason, by: { id, name } }: HaltRequest | LiftRequest): void {
  requirePlainText({ agent, action, reason, id, name });
}
