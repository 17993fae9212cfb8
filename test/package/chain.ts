import { spawn } from "node:child_process";
import { once } from "node:events";

/*
 * `npm test`: everything that is checked, in the order in which it is cheapest to find out. Each step is announced as
 * the claim that it proves; the first that fails shows its output and ends the run. The tests come last, so that the
 * run's last line counts them.
 */

const STEPS: readonly { claim: string; script: string }[] = [
  { claim: "The tree is formatted", script: "format:check" },
  { claim: "The linter has nothing to say", script: "lint" },
  { claim: "The types fit, tests and examples included", script: "types" },
  { claim: "The package builds", script: "build" },
  { claim: "The public API is what its reports say", script: "api:check" },
  { claim: "Nothing is exported, kept or installed in vain", script: "dead" },
];

const say = (text: string): void => void process.stdout.write(text);

/** Runs one script of package.json and gives its output; what it prints is shown only if it matters. */
async function outputOf(script: string): Promise<{ ok: boolean; output: string }> {
  const child = spawn("npm", ["run", "--silent", script], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  return { ok: code === 0, output };
}

/** Runs the steps until one fails; tells whether none did. */
async function stepsHold(): Promise<boolean> {
  for (const { claim, script } of STEPS) {
    const before = performance.now();
    say(`${claim} `);
    const { ok, output } = await outputOf(script);
    say(`(${script}, ${((performance.now() - before) / 1000).toFixed(1)} s): ${ok ? "yes" : "NO"}\n`);
    if (!ok) {
      say(`\n${output.trimEnd()}\n\nnpm run ${script} failed; the tests were not run\n0 passed, 1 failed, 0 skipped\n`);
      return false;
    }
  }
  return true;
}

/** Runs every test; its reporter prints the run's last line. */
async function testsPass(): Promise<boolean> {
  say("Every promise holds: units, ledgers, attacks, examples, package\n");
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run"], { stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0;
}

process.exitCode = (await stepsHold()) && (await testsPass()) ? 0 : 1;
