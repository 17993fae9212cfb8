import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

/**
 * The whole program, as `npm start` runs it, on a data folder and an embedded Postgres of its own: killed and
 * interrupted while it works, started again, and every message must end in exactly one place.
 */
const MESSAGES = 40;

let data: string;
let running: ChildProcess | undefined;

beforeAll(async () => {
  const parent = await mkdtemp(join(tmpdir(), "assent-start-"));
  // Postgres may run as another user, who has to get through.
  await chmod(parent, 0o755);
  data = join(parent, "data");
});

afterAll(async () => {
  running?.kill("SIGKILL");
  await rm(join(data, ".."), { recursive: true, force: true });
});

/** Starts the program; `said` settles as soon as its progress or result matches. */
function start(args: string[]) {
  const { DATABASE_URL: _others, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "examples/mail-moderation/main.ts", "--data", data, ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    },
  );
  running = child;
  let output = "";
  let errors = "";
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output, errors }));
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stderr.on("data", () => pattern.test(errors) && resolve());
      void ended.then(() => reject(new Error(`it ended before saying ${pattern}:\n${errors}${output}`)));
    });
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  return { child, ended, said };
}

async function folders(): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const folder of ["incoming", "delivered", "quarantine", "rejected"]) {
    for (const room of ["new", "cur"]) {
      for (const name of await readdir(join(data, "mailbox", folder, room))) {
        places.set(name, [...(places.get(name) ?? []), folder]);
      }
    }
  }
  return places;
}

it("loses no message and moves none twice, whatever kills it", async () => {
  const unattended = ["--unattended", String(MESSAGES), "--json", "--no-studio"];

  const killed = start(unattended);
  await killed.said(/[1-9]\d*\/\d+ messages/);
  killed.child.kill("SIGKILL");
  expect((await killed.ended).code).toBeNull();

  const interrupted = start(unattended);
  await interrupted.said(/[1-9]\d*\/\d+ messages/);
  interrupted.child.kill("SIGINT");
  const first = await interrupted.ended;
  expect(first.errors).toContain("the next start goes on from there");
  expect(first.code).toBe(0);

  const { code, output, errors } = await start(unattended).ended;
  expect(code, errors).toBe(0);
  const summary = JSON.parse(output.trim().split("\n").at(-1) ?? "") as Record<string, number | boolean>;
  expect(Object.keys(summary)).toEqual(
    "messages executed flagged asked decisions effects errorsCaught errorsSlipped auditOk perSecond secondLooks".split(
      " ",
    ),
  );
  expect(summary).toMatchObject({ messages: MESSAGES, effects: MESSAGES, auditOk: true });
  expect(summary["secondLooks"]).toBeGreaterThanOrEqual(summary["flagged"] as number);

  const places = await folders();
  expect(places.size).toBe(5046);
  expect([...places.values()].filter((found) => found.length !== 1)).toEqual([]);
  const moved = [...places.values()].filter(([folder]) => folder !== "incoming").length;
  expect(moved).toBeGreaterThan(MESSAGES);
  expect(moved).toBeLessThanOrEqual(3 * MESSAGES);
}, 240_000);
