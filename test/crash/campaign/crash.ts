import { judge } from "./classified.js";
import { showProblems, type Conclusion, type Surroundings } from "./conclusion.js";
import { runFleet } from "./fleet-scene.js";
import type { SceneOptions, SceneResult } from "./prepare.js";
import { runScene } from "./scene.js";
import type { CrashScene, Settings } from "./settings.js";

/** Promises of which not one may have been broken. */
const BROKEN = ["lostDecisions", "doubleEffects", "effectsWithoutDecision", "stuckThreads"] as const;
const COUNTED = ["approvals", "kills", ...BROKEN] as const;
/** Runs the mail agent while things fail, one scene after the other. */
export async function runCrash(
  names: readonly CrashScene[],
  { seconds, approvals, seed }: Settings,
  { note, ...surroundings }: Surroundings,
): Promise<Conclusion> {
  const share = seconds / names.length;
  note("asking the classifier");
  const enough = Math.ceil(60 + 30 * share);
  const judged = await judge(Math.max(enough, approvals === null ? 0 : 200 + Math.ceil(1.6 * approvals)));
  const results: SceneResult[] = [];
  for (const name of names) {
    const isFleet = name === "fleet";
    const until = isFleet && approvals !== null ? `${approvals} approvals under` : `${share.toFixed(1)} s of`;
    note(`${name}: ${until} faults`);
    const own = isFleet ? judged : { ...judged, mails: judged.mails.slice(0, enough) };
    const options: SceneOptions = { ...surroundings, name, note, judged: own, seconds: share, approvals, seed };
    const result = await (name === "fleet" ? runFleet(options) : runScene({ ...options, name }));
    showProblems(result.problems, note);
    results.push(result);
  }
  return {
    isFine: results.every(({ problems, failure }) => problems.length === 0 && failure === null),
    json: Object.fromEntries(COUNTED.map((name) => [name, total(results, name)])),
    text: renderTable(results),
  };
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
