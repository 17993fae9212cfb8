import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { loadKeys, systemClock } from "assent";
import { migrate, openPostgres } from "assent/postgres";
import { seededRandom, type KillablePostgres } from "assent/testing";
import { openMailbox } from "../../../graphs/mail-moderation/maildir.js";
import { openAgent } from "./agent.js";
import { Decider } from "./decider.js";
import { drain } from "./drain.js";
import { FAULTS, type FaultCount } from "./faults.js";
import { judgeAll, type Judgement } from "./judgement.js";
import { planFile, type Judged, type Plan } from "./plan.js";
import type { SceneName } from "./settings.js";

/** What a scene is given. */
export interface SceneOptions {
  name: SceneName;
  folder: string;
  postgres: KillablePostgres;
  judged: Judged;
  seconds: number;
  seed: number;
  note: (line: string) => void;
}

/** What a scene came to. */
export interface SceneResult extends FaultCount, Judgement {
  name: SceneName;
  /** What failed that was not made to, or that nothing went on; null if all went as it should. */
  failure: string | null;
  /** Acknowledged decisions by which something may be done, while things failed. */
  approvals: number;
}

/** How long nothing may go on before that is a failure; a busy machine takes its time. */
const PATIENCE_MS = 60_000;

/** Makes things fail for a while, lets everything come to its end, and checks what became of it. */
export async function runScene(options: SceneOptions): Promise<SceneResult> {
  const { name, postgres, seed, note } = options;
  const plan = await prepare(options);
  const { decider, count, failure } = await whileFailing(options, plan);
  if (failure !== null) note(`${name}: FAILED: ${failure}`);
  note(`${name}: the faults are over after ${decider.approvals} approvals; everything comes to its end`);
  const agent = await openAgent(plan, postgres.url, "deciders");
  try {
    const last = new Decider(agent, await agent.people.authenticate({ id: "ana" }), seededRandom(seed));
    const threads = await drain(plan, agent, last, note);
    const acknowledged = [...decider.acknowledged, ...last.acknowledged];
    const judged = await judgeAll(plan, agent, threads, acknowledged);
    return { name, failure, approvals: decider.approvals, ...count, ...judged };
  } finally {
    await agent.postgres.close();
  }
}

/** Decides while things fail, for as long as is said. Gives why that ended before its time, if it did. */
async function whileFailing(
  { name, postgres, seed, seconds, note }: SceneOptions,
  plan: Plan,
): Promise<{ decider: Decider; count: FaultCount; failure: string | null }> {
  let decider: Decider | undefined;
  const approvals = (): number => decider?.approvals ?? 0;
  const faults = await FAULTS[name]({
    plan: planFile(plan),
    postgres,
    seed,
    progress: (signal) => untilMore(approvals, signal),
    onKilled: (what) => note(`${name}: killed ${what}; ${approvals()} approvals so far`),
  });
  const agent = await openAgent(plan, faults.url, "deciders");
  decider = new Decider(agent, await agent.people.authenticate({ id: "ana" }), seededRandom(seed));
  const over = new AbortController();
  const decided = decider.run(over.signal);
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  await Promise.race([systemClock.sleep(1_000 * seconds), faults.broken, decided]).catch(failed);
  await faults.end().catch(failed);
  over.abort();
  await decided.catch(failed);
  await agent.postgres.close();
  if (decider.approvals === 0) failed("nothing was approved at all");
  return { decider, count: faults.count(), failure: failures.length === 0 ? null : String(failures[0]) };
}

async function prepare({ name, folder, postgres, judged }: SceneOptions): Promise<Plan> {
  const own = join(folder, name);
  mkdirSync(own);
  const schema = `campaign_${name}`;
  const threadsSchema = `${schema}_threads`;
  const opened = await openPostgres({ url: postgres.url });
  await migrate({ pool: opened.pool, schema });
  await new PostgresSaver(opened.pool, undefined, { schema: threadsSchema }).setup();
  await opened.close();
  const { mails, classifications, sureAbove } = judged;
  await (await openMailbox(join(own, "mailbox"))).depositAll(mails);
  const keys = { deciders: join(own, "keys"), hosts: join(own, "keys", "public.json") };
  await loadKeys(keys.deciders, { create: true });
  const messageIds = mails.map(({ id }) => id);
  const plan = { folder: own, schema, threadsSchema, keys, messageIds, sureAbove, classifications };
  writeFileSync(planFile(plan), JSON.stringify(plan));
  return plan;
}

/** Settles once there are more approvals than now. */
async function untilMore(approvals: () => number, signal: AbortSignal): Promise<void> {
  const before = approvals();
  const giveUpAt = systemClock.now().getTime() + PATIENCE_MS;
  while (approvals() <= before) {
    if (systemClock.now().getTime() > giveUpAt) throw new Error(`no progress: ${before} approvals, and no more`);
    await systemClock.sleep(25, signal);
  }
}
