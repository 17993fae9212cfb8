import { cumulativeQueries, type LimitQuery } from "../../authority/limits.js";
import type { Case } from "../../model/case.js";
import type { Reviewer } from "../../model/reviewer.js";
import { limitsOf } from "../deciding.js";
import type { DecideRequest } from "../ledger.js";
import { isPlainText } from "../plain-text.js";
import { countSeats, isKnown, registeredEntry, type RegisterRequest, type SeatsRequest } from "../registering.js";
import {
  approvedBySql,
  lockReviewerSql,
  lockVoterSql,
  registerSql,
  reviewerSql,
  seatedSql,
} from "./queries/reviewers.js";
import { inTransaction, type Connection, type Run } from "./transaction.js";
import { append } from "./writes.js";

/** Keeps what is said of a reviewer; with its row in the log, or not at all. */
export async function register(connection: Connection, schema: string, request: RegisterRequest): Promise<Reviewer> {
  const { reviewer } = request;
  const { id, roles, groups, active } = reviewer;
  return inTransaction(connection, async (run) => {
    await run(lockReviewerSql(schema), [id]);
    if (!isKnown(await readReviewer(run, schema, id), request)) {
      await run(registerSql(schema), [id, JSON.stringify(reviewer), roles, groups, active]);
      await append(run, schema, [registeredEntry(request)]);
    }
    return reviewer;
  });
}

/** What is known of a reviewer. */
export async function readReviewer(run: Run, schema: string, id: string): Promise<Reviewer | null> {
  if (!isPlainText(id)) return null;
  const [row] = await run<{ doc: Reviewer }>(reviewerSql(schema), [id]);
  return row?.doc ?? null;
}

/** How many seats each panel has by the database's clock. */
export async function readSeats(
  run: Run,
  schema: string,
  request: SeatsRequest,
  now: string | null,
): Promise<number[]> {
  const selectors = request.panels.flat();
  const named = (of: "role" | "group" | "person"): string[] =>
    selectors.flatMap((each) => Object.entries(each).flatMap(([kind, name]) => (kind === of ? [name] : [])));
  const isForAnybody = request.panels.some((by) => by.length === 0);
  const values = [named("role"), named("group"), named("person"), isForAnybody, now];
  const rows = await run<{ doc: Reviewer; now: string }>(seatedSql(schema), values);
  return countSeats(
    rows.map(({ doc }) => doc),
    request,
    rows[0]?.now ?? "",
  );
}

/**
 * What a decision's author has let run before, as far as their limits ask for it. Their other decisions wait for this
 * one's commit, so that of two at once neither misses the other.
 */
export async function readApproved(
  run: Run,
  schema: string,
  request: DecideRequest,
  held: Case,
  now: string | null,
): Promise<(query: LimitQuery) => number> {
  const queries = limitsOf(request, held, cumulativeQueries);
  if (queries.length === 0) return () => 0;
  const { id } = request.decision.by;
  await run(lockVoterSql(schema), [id]);
  const sums = new Map<string, number>();
  for (const query of queries) {
    const { overMs, currency, actions } = query;
    const values = [id, held.proposal.id, overMs, currency, actions, now];
    const [row] = await run<{ sum: number }>(approvedBySql(schema), values);
    sums.set(JSON.stringify(query), row?.sum ?? 0);
  }
  return (query) => sums.get(JSON.stringify(query)) ?? Number.POSITIVE_INFINITY;
}
