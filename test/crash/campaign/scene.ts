import { seededRandom } from "assent/testing";
import { openAgent } from "./agent.js";
import { Decider, isApproval, type Acknowledged } from "./decider.js";
import { drain } from "./drain.js";
import { FAULTS, type FaultCount } from "./faults.js";
import { judgeAll } from "./judgement.js";
import { planFile, type Plan } from "./plan.js";
import { prepare, untilFaced, untilMore, type SceneOptions, type SceneResult } from "./prepare.js";
import type { CrashScene } from "./settings.js";

/** What a scene is given whose deciders work in the campaign's own process. */
export type OwnSceneOptions = SceneOptions & { name: Exclude<CrashScene, "fleet"> };

/** Makes things fail for a while, lets everything come to its end, and checks what became of it. */
export async function runScene(options: OwnSceneOptions): Promise<SceneResult> {
  const { name, postgres, seed, note } = options;
  const plan = await prepare(options);
  const acknowledged: Acknowledged[] = [];
  const { count, failure } = await whileFailing(options, plan, acknowledged);
  const approvals = acknowledged.filter(isApproval).length;
  if (failure !== null) note(`${name}: FAILED: ${failure}`);
  note(`${name}: the faults are over after ${approvals} approvals; everything comes to its end`);
  const agent = await openAgent(plan, postgres.url, "deciders");
  try {
    const last = new Decider({
      agent,
      by: await agent.people.authenticate({ id: "ana" }),
      random: seededRandom(seed),
      onAcknowledged: (decision) => void acknowledged.push(decision),
    });
    const threads = await drain(plan, agent, last, note);
    const judged = await judgeAll(plan, agent, threads, acknowledged);
    return { name, failure, approvals, ...count, ...judged };
  } finally {
    await agent.postgres.close();
  }
}

/** Decides while things fail, for as long as is said. Gives why that ended before its time, if it did. */
async function whileFailing(
  { name, postgres, programs, seed, seconds, note }: OwnSceneOptions,
  plan: Plan,
  acknowledged: Acknowledged[],
): Promise<{ count: FaultCount; failure: string | null }> {
  const approvals = (): number => acknowledged.filter(isApproval).length;
  const faults = await FAULTS[name]({
    plan: planFile(plan),
    postgres,
    programs,
    seed,
    progress: (signal) => untilMore(approvals, signal),
    onKilled: (what) => note(`${name}: killed ${what}; ${approvals()} approvals so far`),
  });
  const agent = await openAgent(plan, faults.url, "deciders");
  const decider = new Decider({
    agent,
    by: await agent.people.authenticate({ id: "ana" }),
    random: seededRandom(seed),
    onAcknowledged: (decision) => void acknowledged.push(decision),
  });
  const over = new AbortController();
  const decided = decider.run(over.signal);
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const failing = (): number => faults.count().kills + faults.count().cuts;
  const enough = untilFaced(seconds, { approvals, faults: failing, signal: over.signal });
  enough.catch(() => undefined);
  await Promise.race([enough, faults.broken, decided]).catch(failed);
  await faults.end().catch(failed);
  over.abort();
  await decided.catch(failed);
  await agent.postgres.close();
  return { count: faults.count(), failure: failures.length === 0 ? null : String(failures[0]) };
}
