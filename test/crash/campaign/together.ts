import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { systemClock } from "assent";

const POLL_MS = 2;

/** What every program is told that works together with others. */
export interface Meeting {
  /** The file that is there once all may go. */
  go: string;
}

/**
 * Starts programs, lets all of them go once every one of them is ready, and gives what they said, a JSON value a line,
 * when they have ended.
 */
export async function together<Said>(programs: readonly (readonly [path: string, order: Meeting])[]): Promise<Said[]> {
  const running = programs.map(([path, order]) => launch(path, order));
  try {
    await Promise.all(running.map(({ ready }) => ready));
    for (const go of new Set(programs.map(([, order]) => order.go))) writeFileSync(go, "");
    const said = await Promise.all(running.map(({ ended }) => ended));
    return said.flat().map((line) => JSON.parse(line) as Said);
  } finally {
    for (const { child } of running) child.kill("SIGKILL");
  }
}

/** Says that it is ready, and waits until all may go. */
export async function untilGo({ go }: Meeting): Promise<void> {
  process.stdout.write("ready\n");
  while (!existsSync(go)) await systemClock.sleep(POLL_MS);
}

/** Says a value, for whoever started it. */
export function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function launch(path: string, order: Meeting) {
  const child = spawn(process.execPath, [path, JSON.stringify(order)], { stdio: ["ignore", "pipe", "pipe"] });
  const complaint = text(child.stderr);
  const lines: string[] = [];
  const failed = async (): Promise<never> => {
    throw new Error(`${path} did not end in good order; it said: ${await complaint}`);
  };
  const closed = once(child, "close") as Promise<[number | null]>;
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else lines.push(line);
    });
    void closed.then(() => failed().catch(reject));
  });
  const ended = closed.then(([code]) => (code === 0 ? lines : failed()));
  // Whoever waits for one of them is told; the other one is not lost.
  ready.catch(() => undefined);
  ended.catch(() => undefined);
  return { child, ready, ended };
}
