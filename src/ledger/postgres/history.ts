import { likenessesOf, tidySum, type HistoryRequest, type Likeness } from "../history.js";
import { historySql } from "./queries/history.js";
import { once, type Connection } from "./transaction.js";

/** Answers what is asked of earlier cases, in one statement; `now` null takes the database's clock. */
export async function readHistory(
  connection: Connection,
  schema: string,
  request: HistoryRequest,
  now: string | null,
): Promise<Record<string, number>> {
  const likenesses = likenessesOf(request);
  if (likenesses.length === 0) return {};
  const values = [request.proposalId, now, ...likenesses.flatMap(parametersOf)];
  const sql = historySql(schema, likenesses.length);
  const rows = await once<{ name: string; known: number | null }>(connection, sql, values);
  return Object.fromEntries(rows.map(({ name, known }) => [name, tidySum(known ?? 0)]));
}

function parametersOf({ query, facts, agent, actions }: Likeness): unknown[] {
  const { name, of, currency, overMs, executed = false } = query;
  const like = `{${[...facts].map(([fact, text]) => `${JSON.stringify(fact)}:${text}`).join(",")}}`;
  return [name, of, currency ?? null, overMs, like, agent, actions, executed];
}
