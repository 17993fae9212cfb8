/** Takes the lock that claims share: whoever holds it alone has seen the last claim go. */
export const lockHaltsSql = (schema: string): string => `select ${schema}.lock_halts(true)`;

/** Halts a scope, unless a halt of the same kind stands. */
export const haltSql = (schema: string): string => `
insert into ${schema}.halts as h (id, agent, action, kind, halted_by, reason, halted_at)
values ($1, $2, $3, $4, $5::json, $6, $7)
on conflict (id) do update set kind = excluded.kind, halted_by = excluded.halted_by, reason = excluded.reason,
  halted_at = excluded.halted_at where h.kind <> excluded.kind
returning h.id`;

/** Reads the halt of a scope. */
export const standingHaltSql = (schema: string): string =>
  `select ${schema}.halt_doc(h) as doc from ${schema}.halts h where h.id = $1`;

/** Lifts the halt of a scope. */
export const liftSql = (schema: string): string =>
  `delete from ${schema}.halts h where h.id = $1 returning ${schema}.halt_doc(h) as doc`;

/** Every halt that stands. */
export const haltsSql = (schema: string): string =>
  `select ${schema}.halt_doc(h) as doc from ${schema}.halts h order by h.id`;
