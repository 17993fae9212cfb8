import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

/** Seconds of faults; drawing the threads to their ends takes longer, on a busy machine much longer. */
const SECONDS = 12;
const PATIENCE_MS = 300_000;

it(
  "hosts, Postgres and connections die again and again: nothing is lost, nothing happens twice, nothing is stuck",
  async () => {
    const words = [
      "--import",
      "tsx",
      "test/crash/campaign.ts",
      "--only",
      "crash",
      "--seconds",
      String(SECONDS),
      "--json",
    ];
    const campaign = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    const [[code], said, result] = await Promise.all([
      once(campaign, "exit") as Promise<[number | null]>,
      text(campaign.stderr),
      text(campaign.stdout),
    ]);
    // The seed and what was broken are in what it said.
    expect(code, said).toBe(0);
    const { approvals, kills, ...broken } = JSON.parse(result) as Record<string, number>;
    expect(broken, said).toEqual({ lostDecisions: 0, doubleEffects: 0, effectsWithoutDecision: 0, stuckThreads: 0 });
    expect(approvals, said).toBeGreaterThan(0);
    expect(kills, said).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
