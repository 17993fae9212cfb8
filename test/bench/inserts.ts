import type { Pool } from "pg";
import { closedLoop } from "./loops.js";

/**
 * What every figure of the database is a ratio to: an `INSERT` of one line and its `COMMIT`, on the same database, in the
 * same minute. Gives how many a second, and how long each took.
 */
export async function bareInserts(
  pool: Pool,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<{ perSecond: number; timesMs: number[] }> {
  await pool.query(
    "create table if not exists public.bare (id bigint generated always as identity primary key, what text)",
  );
  const what = Array.from({ length: count }, (_, nth) => `something that is as long as a decision's note, ${nth}`);
  const timesMs: number[] = [];
  const perSecond = await closedLoop(what, atOnce, async (each) => {
    const start = performance.now();
    await pool.query("insert into public.bare (what) values ($1)", [each]);
    timesMs.push(performance.now() - start);
  });
  return { perSecond, timesMs };
}
