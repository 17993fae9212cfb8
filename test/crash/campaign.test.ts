import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

/** A scene takes some seconds, on a busy machine much longer; how long decides nothing. */
const PATIENCE_MS = 600_000;

const KEPT = { lostDecisions: 0, doubleEffects: 0, effectsWithoutDecision: 0, stuckThreads: 0 };

/** Runs scenes, which must break no promise. Gives what they came to, and what was said: seed, and what was broken. */
async function campaign(...options: string[]): Promise<{ result: Record<string, unknown>; said: string }> {
  const words = ["--import", "tsx", "test/crash/campaign.ts", "--json", ...options];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  const [[code], said, result] = await Promise.all([
    once(child, "exit") as Promise<[number | null]>,
    text(child.stderr),
    text(child.stdout),
  ]);
  expect(code, `${said}${result}`).toBe(0);
  return { result: JSON.parse(result.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>, said };
}

it(
  "everything dies again and again: nothing is lost, nothing happens twice, nothing is stuck",
  async () => {
    const { result, said } = await campaign("--only", "crash", "--seconds", "12");
    const { approvals, kills, ...broken } = result;
    expect(broken, said).toEqual(KEPT);
    expect(approvals, said).toBeGreaterThan(0);
    expect(kills, said).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

it(
  "64 people decide one review at once and 200 resumes follow: one outcome, one effect",
  async () => {
    const { result, said } = await campaign("--only", "race", "--resumes", "200");
    const { reviews, deciders, decisions } = result as Record<string, number>;
    expect(deciders, said).toBe(64 * (reviews ?? 0));
    expect(decisions, said).toBe(reviews);
    expect(result, said).toMatchObject({ ...KEPT, resumes: 200, permits: 1, claims: 1, effects: 1 });
  },
  PATIENCE_MS,
);

it(
  "200 deadlines in the same second: none early by the database's clock, each recorded as what it is",
  async () => {
    const { result, said } = await campaign("--only", "deadlines", "--reviews", "200");
    expect(result, said).toMatchObject({ ...KEPT, expired: 200, early: 0, endedAsExpired: 200, decisions: 0 });
  },
  PATIENCE_MS,
);

it(
  "a LangGraph server runs the threads and a worker dies: every approved effect once, every thread finished",
  async () => {
    const { result, said } = await campaign("--only", "server", "--threads", "6");
    expect(result, said).toMatchObject({ ...KEPT, threads: 6, finished: 6, decisions: 6 });
    expect(result["effects"], said).toBe(result["approvals"]);
  },
  PATIENCE_MS,
);
