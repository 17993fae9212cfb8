import type { Pool } from "pg";
import { JobQueue } from "../ledger/postgres/jobs.js";
import { migrationState } from "../ledger/postgres/migrate.js";
import { openPostgres } from "../ledger/postgres/open-postgres.js";
import type { AssentConfig } from "../service/config.js";
import { checkThreads } from "./checkpoint-checks.js";
import type { CommandRun } from "./command.js";
import type { ConfigFinding } from "./config-finding.js";
import { wordsOf } from "./load-module.js";
import { counted } from "./page.js";

/** From how many milliseconds on a clock that is off is told, and from how many on it is wrong. */
const SKEW_TOLD_MS = 1_000;
const SKEW_WRONG_MS = 30_000;

/** Checks everything that a worker of this configuration relies on. */
export async function checkConfig(config: AssentConfig, run: CommandRun): Promise<ConfigFinding[]> {
  const inDatabase = await withDatabase(config, run, (pool) => checkDatabase(config, pool, run));
  return [...inDatabase, ...(await checkKeys(config)), ...(await checkThreads(config))];
}

async function withDatabase(
  { pool }: AssentConfig,
  { environment }: CommandRun,
  look: (pool: Pool) => Promise<ConfigFinding[]>,
): Promise<ConfigFinding[]> {
  if (pool !== undefined) return look(pool);
  const url = environment["DATABASE_URL"] ?? "";
  if (url === "") {
    // The embedded one would be started for it, and would be fine.
    const what = "The configuration has no pool, and DATABASE_URL is not set.";
    const fix = "Set DATABASE_URL to have the database looked at; without it a worker starts the embedded one.";
    return [{ name: "database-unsaid", severity: "note", where: "pool", what, fix }];
  }
  try {
    const postgres = await openPostgres({ url, connectionsMax: 2 });
    try {
      return await look(postgres.pool);
    } finally {
      await postgres.close();
    }
  } catch (error) {
    return [unreachable(error)];
  }
}

async function checkDatabase(config: AssentConfig, pool: Pool, { options }: CommandRun): Promise<ConfigFinding[]> {
  const schema = config.schema ?? options.schema;
  try {
    const clock = await checkClock(pool);
    const migrated = await checkMigrations(pool, schema);
    // What follows reads tables that would not be there.
    if (migrated.length > 0) return [...clock, ...migrated];
    return [...clock, ...(await checkDeliveries(config, pool, schema))];
  } catch (error) {
    return [unreachable(error)];
  }
}

function unreachable(error: unknown): ConfigFinding {
  const fix = "Check DATABASE_URL or the pool, and that the database is up.";
  return { name: "database-unreachable", severity: "error", where: "pool", what: wordsOf(error), fix };
}

async function checkClock(pool: Pool): Promise<ConfigFinding[]> {
  // The first statement may have to connect; of the second the way there and back is what is not known.
  await pool.query("select 1");
  const before = Date.now();
  const { rows } = await pool.query<{ now: Date }>("select clock_timestamp() as now");
  const after = Date.now();
  const offMs = Math.round((rows[0]?.now.getTime() ?? before) - (before + after) / 2);
  const finding = clockFinding(offMs, Math.abs(offMs) - (after - before) / 2);
  return finding === null ? [] : [finding];
}

/** What is said of a clock that is so far behind the database's, and certainly by so much. */
export function clockFinding(behindMs: number, certainlyMs: number): ConfigFinding | null {
  if (certainlyMs <= SKEW_TOLD_MS) return null;
  const seconds = (Math.abs(behindMs) / 1_000).toFixed(1);
  return {
    name: "clock-off",
    severity: certainlyMs > SKEW_WRONG_MS ? "error" : "warning",
    where: "clock",
    what: `This machine's clock is ${seconds} s ${behindMs > 0 ? "behind" : "ahead of"} the database's.`,
    fix: "Let both keep their time by NTP. Deadlines go by the database's clock, times in the log by this one; and a graph that is run here while it is ahead has checkpoints that hide those that follow.",
  };
}

async function checkMigrations(pool: Pool, schema: string): Promise<ConfigFinding[]> {
  const state = await migrationState({ pool, schema });
  return (["ledger", "jobs"] as const).flatMap((part) => {
    const { at, newest } = state[part];
    if (at !== null && at >= newest) return [];
    const what =
      at === null
        ? `The ${part} of schema ${schema} are not there.`
        : `The ${part} of schema ${schema} are at migration ${at}; this version needs ${newest}.`;
    const fix = `assent migrate --schema ${schema}; where roles are split, assent grant after it.`;
    return [{ name: "migration-missing", severity: "error", where: part, what, fix } as const];
  });
}

async function checkDeliveries({ assent }: AssentConfig, pool: Pool, schema: string): Promise<ConfigFinding[]> {
  const found: ConfigFinding[] = [];
  const { count, lastError } = await new JobQueue(pool, schema).failing();
  if (count > 0) {
    found.push({
      name: "deliveries-failing",
      severity: "warning",
      where: "worker",
      what: `${counted(count, "delivery").replace("deliverys", "deliveries")} failed; the last one: ${lastError ?? ""}`,
      fix: "Mend what throws; the decisions stand, and are tried again.",
    });
  }
  const undelivered = await assent.ledger.undelivered({ limit: 10_000 });
  const threads = new Set(undelivered.map(({ threadId }) => threadId)).size;
  if (threads > 0) {
    found.push({
      name: "undelivered",
      severity: "note",
      where: "worker",
      what: `${counted(threads, "thread")} may have something to be brought to ${threads === 1 ? "it" : "them"}.`,
      fix: "Let a worker run: assent worker.",
    });
  }
  return found;
}

async function checkKeys({ assent: { trust, keys } }: AssentConfig): Promise<ConfigFinding[]> {
  if (trust !== "verified" || keys === null) return [];
  try {
    const [signer, trusted] = [await keys.signer(), await keys.trusted()];
    if (signer !== null) return [];
    const what = `Decisions cannot be signed here: ${counted(trusted.length, "public key")}, no signing key.`;
    const fix = "Right for graph hosts and workers. Those that decide need the folder of `assent keys generate`.";
    return [{ name: "keys-public-only", severity: "note", where: "keys", what, fix }];
  } catch (error) {
    const fix = "assent keys list tells more.";
    return [{ name: "keys-unreadable", severity: "error", where: "keys", what: wordsOf(error), fix }];
  }
}
