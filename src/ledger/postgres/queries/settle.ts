/** Closes a case with its record. */
export const closeCaseSql = (schema: string): string => `
with closed as (update ${schema}.proposals set state = 'closed' where id = $1 and state = 'open' returning id)
insert into ${schema}.cases (audit_id, proposal_id, outcome, record, closed_at)
select $2, id, $3::json, $4, $5 from closed returning audit_id`;

/** Whether the audit log already holds this very entry. */
export const entryKnownSql = (schema: string): string =>
  `select seq from ${schema}.audit_log where proposal_id = $1 and entry = $2`;

/** Appends entries about one proposal to the audit log, in the surrounding transaction. */
export const appendSql = (schema: string): string => `select ${schema}.append_audit($1, $2::text[], $3::text[])`;
