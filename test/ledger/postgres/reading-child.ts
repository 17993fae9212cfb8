/**
 * Reads a page of rows again and again, and says how many of the bytes that it came to were kept for longer than one small
 * garbage collection. Connection URL on its command line.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { Pool } from "pg";
import { connection, once } from "../../../src/ledger/postgres/transaction.js";

const PAGE = `select n, repeat('a', 50) as name, jsonb_build_object('nth', n, 'list', jsonb_build_array(1, 2, 3), 'text',
  repeat('b', 200)) as value from generate_series(1, $1::int) as n`;

/** How much is in the part of memory that only full collections tidy. */
const old = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")!.space_used_size;

const pool = new Pool({ connectionString: process.argv[2], max: 1 });
let [kept, read] = [0, 0];
for (let page = 0; page < 3_000; page += 1) {
  const before = old();
  const rows = await once(connection(pool), PAGE, [100]);
  // The first ones compile what reads them. Where it shrinks there was a full collection.
  if (page < 500) continue;
  kept += Math.max(0, old() - before);
  read += JSON.stringify(rows).length;
}
process.stdout.write(JSON.stringify({ kept, read }));
await pool.end();
