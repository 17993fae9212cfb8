/**
 * Everything fails, again and again, or comes at once; then every promise is checked. `npm run campaign` runs this file;
 * what long runs found is in RESULTS.md.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { killablePostgres } from "assent/testing";
import { compilePrograms } from "./campaign/compiled.js";
import type { Conclusion, Surroundings } from "./campaign/conclusion.js";
import { runCrash } from "./campaign/crash.js";
import { runDeadlines } from "./campaign/deadlines.js";
import { runRace } from "./campaign/race.js";
import { runServer } from "./campaign/server.js";
import { CRASH_SCENES, HELP, readSettings, type Settings } from "./campaign/settings.js";

/** Programs are compiled in here, where they find their dependencies. */
const TEMPORARY = resolve(import.meta.dirname, "../../temp");

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
  mkdirSync(TEMPORARY, { recursive: true });
  const compiled = mkdtempSync(join(TEMPORARY, "campaign-"));
  let concluded: Conclusion;
  try {
    note("compiling the programs");
    const postgres = killablePostgres({ directory: join(folder, "database") });
    await postgres.start();
    try {
      concluded = await run(settings, { folder, postgres, programs: await compilePrograms(compiled), note });
    } finally {
      // Nobody needs what is in it any more.
      await postgres.kill().catch(() => undefined);
    }
  } finally {
    for (const each of [folder, compiled]) rmSync(each, { recursive: true, force: true });
  }
  const { isFine, json, text } = concluded;
  console.log(settings.json ? JSON.stringify(json) : text);
  return isFine ? 0 : 1;
}

async function run(settings: Settings, surroundings: Surroundings): Promise<Conclusion> {
  const { scenes } = settings;
  if (scenes.includes("race")) return runRace(settings, surroundings);
  if (scenes.includes("deadlines")) return runDeadlines(settings, surroundings);
  if (scenes.includes("server")) return runServer(settings, surroundings);
  const crashing = CRASH_SCENES.filter((name) => scenes.includes(name));
  return runCrash(crashing, settings, surroundings);
}

process.exitCode = await main();
