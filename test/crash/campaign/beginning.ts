import type { Agent } from "./agent.js";
import { messageOf, threadOf, type Plan } from "./plan.js";

/** Whether something is in one's share, by an id that ends in hexadecimal digits. */
export function isShare(id: string, { share, shares }: { share: number; shares: number }): boolean {
  return Number.parseInt(id.slice(-6, -1), 16) % shares === share;
}

/** Messages that no case is about yet, in order; some of their threads may have been begun. */
export async function untouched(plan: Plan, { postgres }: Agent): Promise<string[]> {
  const { rows } = await postgres.pool.query<{ id: string }>(
    `select distinct thread_id as id from "${plan.schema}".proposals`,
  );
  const known = new Set(rows.map(({ id }) => id));
  return plan.messageIds.filter((id) => !known.has(threadOf(id)));
}

/** Begins a thread that no case is about; or goes on with one that was cut off before it came to that. */
export async function begin({ threads }: Agent, threadId: string): Promise<void> {
  const { status } = await threads.state(threadId);
  if (status === "new") await threads.start(threadId, { messageId: messageOf(threadId) });
  else if (status === "stopped") await threads.proceed(threadId);
}
