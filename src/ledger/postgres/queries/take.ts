/** Binds the open, unbound proposals of a thread to a gate; the first gate wins. */
export const bindSql = (schema: string): string => `
update ${schema}.proposals set gate = $2
where id = any($3::text[]) and thread_id = $1 and gate is null and state = 'open'
  and ($4::text is null or action = $4)`;

/** Reads the cases of a thread that are bound to a gate, in the order asked for. */
export const takenSql = (schema: string): string => `
select c.doc from unnest($3::text[]) with ordinality as asked (id, place)
join ${schema}.proposals p on p.id = asked.id and p.thread_id = $1 and p.gate = $2
  and ($4::text is null or p.action = $4)
join ${schema}.case_view c on c.id = p.id
order by asked.place`;
