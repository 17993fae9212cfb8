import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { loadKeys, systemClock } from "assent";
import { migrate, openPostgres } from "assent/postgres";
import type { KillablePostgres } from "assent/testing";
import { openMailbox } from "../../../graphs/mail-moderation/maildir.js";
import type { Compiled } from "./compiled.js";
import type { FaultCount } from "./faults.js";
import type { Judgement } from "./judgement.js";
import { planFile, type Ground, type Judged, type Plan } from "./plan.js";
import type { CrashScene } from "./settings.js";

/** What a scene is given in which things fail while the mail agent works. */
export interface SceneOptions {
  name: CrashScene;
  folder: string;
  postgres: KillablePostgres;
  programs: Compiled;
  judged: Judged;
  seconds: number;
  /** How many approvals end the faults of the fleet, in place of the seconds; null for the seconds. */
  approvals: number | null;
  seed: number;
  note: (line: string) => void;
}

/** What a scene came to. */
export interface SceneResult extends FaultCount, Judgement {
  name: CrashScene;
  /** What failed that was not made to, or that nothing went on; null if all went as it should. */
  failure: string | null;
  /** Acknowledged decisions by which something may be done, while things failed. */
  approvals: number;
}

/** How long nothing may go on before that is a failure; a busy machine takes its time. */
const PATIENCE_MS = 120_000;

/** A schema, keys and a mailbox of its own for a scene, written down for the processes that work on it. */
export async function prepare({ name, folder, postgres, judged }: SceneOptions): Promise<Plan> {
  const ground = await layGround(name, { folder, postgres });
  const { mails, classifications, sureAbove } = judged;
  await (await openMailbox(join(ground.folder, "mailbox"))).depositAll(mails);
  const plan = { ...ground, messageIds: mails.map(({ id }) => id), sureAbove, classifications };
  writeFileSync(planFile(plan), JSON.stringify(plan));
  return plan;
}

/** What a scene stands on. */
export async function layGround(
  name: string,
  { folder, postgres }: { folder: string; postgres: KillablePostgres },
): Promise<Ground> {
  const own = join(folder, name);
  mkdirSync(own);
  const schema = `campaign_${name}`;
  const threadsSchema = `${schema}_threads`;
  const opened = await openPostgres({ url: postgres.url });
  await migrate({ pool: opened.pool, schema });
  await new PostgresSaver(opened.pool, undefined, { schema: threadsSchema }).setup();
  await opened.close();
  const keys = { deciders: join(own, "keys"), hosts: join(own, "keys", "public.json") };
  await loadKeys(keys.deciders, { create: true });
  for (const name of readdirSync(keys.deciders)) madeDayBefore(join(keys.deciders, name));
  return { folder: own, schema, threadsSchema, keys };
}

/** Keys are older than clocks are off: with younger ones, who is behind could not decide at all. */
function madeDayBefore(path: string): void {
  const earlier = (since: string): string => new Date(Date.parse(since) - 86_400_000).toISOString();
  writeFileSync(path, readFileSync(path, "utf8").replace(/(?<="since": ?")[^"]+/g, earlier));
}

/** Settles once there are more approvals than now. */
export async function untilMore(approvals: () => number, signal: AbortSignal): Promise<void> {
  const before = approvals();
  const giveUpAt = systemClock.now().getTime() + PATIENCE_MS;
  while (approvals() <= before) {
    if (systemClock.now().getTime() > giveUpAt) throw new Error(`no progress: ${before} approvals, and no more`);
    await systemClock.sleep(25, signal);
  }
}

/** Settles after so many seconds, but not before there was an approval and something failed. */
export async function untilFaced(
  seconds: number,
  { approvals, faults, signal }: { approvals: () => number; faults: () => number; signal: AbortSignal },
): Promise<void> {
  await systemClock.sleep(1_000 * seconds, signal);
  const giveUpAt = systemClock.now().getTime() + PATIENCE_MS;
  while (approvals() === 0 || faults() === 0) {
    if (systemClock.now().getTime() > giveUpAt) throw new Error("nothing was approved at all, or nothing failed");
    await systemClock.sleep(100, signal);
  }
}
