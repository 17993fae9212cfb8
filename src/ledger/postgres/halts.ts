import { haltId, type Halt } from "../../model/halt.js";
import { haltedEntry, liftedEntry, type HaltRequest, type LiftRequest } from "../halting.js";
import { haltSql, liftSql, lockHaltsSql, standingHaltSql } from "./queries/halts.js";
import { inTransaction, type Connection } from "./transaction.js";
import { append } from "./writes.js";

/**
 * Keeps a halt. When this returns no claim is on its way that has not seen it: see the migration `halts`. If we die in
 * here, it stands with its row in the log, or neither is there.
 */
export async function keepHalt(connection: Connection, schema: string, request: HaltRequest): Promise<Halt> {
  const { agent, action, kind, by, reason, at } = request;
  const halt: Halt = { id: haltId(request), agent, action, kind, by, reason, at };
  return inTransaction(connection, async (run) => {
    await run(lockHaltsSql(schema));
    const values = [halt.id, agent, action, kind, JSON.stringify(by), reason, at];
    if ((await run(haltSql(schema), values)).length > 0) await append(run, schema, [haltedEntry(halt)]);
    const [standing] = await run<{ doc: Halt }>(standingHaltSql(schema), [halt.id]);
    return standing?.doc ?? halt;
  });
}

/** Lifts the halt of a scope, if there is one. */
export async function liftHalt(connection: Connection, schema: string, request: LiftRequest): Promise<Halt | null> {
  return inTransaction(connection, async (run) => {
    await run(lockHaltsSql(schema));
    const [lifted] = await run<{ doc: Halt }>(liftSql(schema), [haltId(request)]);
    if (lifted === undefined) return null;
    await append(run, schema, [liftedEntry(request)]);
    return lifted.doc;
  });
}
