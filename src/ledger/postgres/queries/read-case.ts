/** Reads one case. */
export const readCaseSql = (schema: string): string => `select doc from ${schema}.case_view where id = $1`;

/** Locks a proposal for the rest of the transaction. */
export const lockProposalSql = (schema: string): string =>
  `select id from ${schema}.proposals where id = $1 for update`;
