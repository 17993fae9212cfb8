/**
 * Everything fails, again and again, while the mail agent works; then every promise is checked. `npm run campaign`
 * runs this file; what a long run found is in RESULTS.md.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killablePostgres } from "assent/testing";
import { judge } from "./campaign/plan.js";
import { runScene, type SceneResult } from "./campaign/scene.js";
import { HELP, readSettings, type Settings } from "./campaign/settings.js";

/** Promises of which not one may have been broken. */
const BROKEN = ["lostDecisions", "doubleEffects", "effectsWithoutDecision", "stuckThreads"] as const;
const COUNTED = ["approvals", "kills", ...BROKEN] as const;
/** How many problems are shown of each scene. */
const SHOWN_MAX = 20;

const note = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    note(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (settings.help) {
    console.log(HELP);
    return 0;
  }
  note(`seed ${settings.seed}`);
  const folder = mkdtempSync(join(tmpdir(), "assent-campaign-"));
  // Run as root, Postgres works as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  let results: SceneResult[];
  try {
    results = await runScenes(settings, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (!settings.json) console.log(renderTable(results));
  else console.log(JSON.stringify(Object.fromEntries(COUNTED.map((name) => [name, total(results, name)]))));
  const isFine = results.every(({ problems, failure }) => problems.length === 0 && failure === null);
  return isFine ? 0 : 1;
}

async function runScenes({ scenes, seconds, seed }: Settings, folder: string): Promise<SceneResult[]> {
  const share = seconds / scenes.length;
  note("asking the classifier");
  const judged = await judge(Math.ceil(60 + 30 * share));
  const postgres = killablePostgres({ directory: join(folder, "database") });
  await postgres.start();
  const results: SceneResult[] = [];
  try {
    for (const name of scenes) {
      note(`${name}: ${share.toFixed(1)} s of faults`);
      const result = await runScene({ name, folder, postgres, judged, seconds: share, seed, note });
      for (const { kind, proposalId, what } of result.problems.slice(0, SHOWN_MAX)) {
        note(`BROKEN ${kind} ${proposalId}: ${what}`);
      }
      results.push(result);
    }
  } finally {
    await postgres.stop();
  }
  return results;
}

function total(results: readonly SceneResult[], name: (typeof COUNTED)[number]): number {
  return results.reduce((sum, result) => sum + result[name], 0);
}

function renderTable(results: readonly SceneResult[]): string {
  const columns = ["name", "threads", "approvals", "effects", "inDoubt", "kills", "cuts", ...BROKEN] as const;
  const rows = [[...columns], ...results.map((result) => columns.map((column) => String(result[column])))];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? "").length)));
  return rows.map((row) => row.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  ")).join("\n");
}

process.exitCode = await main();
