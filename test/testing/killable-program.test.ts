import { killableProgram, type Killable } from "assent/testing";
import { afterEach, describe, expect, it } from "vitest";

const started: Killable[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.kill().catch(() => undefined);
});

/** A program of a few words, and the lines that it said. */
function program(code: string): Killable & { lines: string[] } {
  const lines: string[] = [];
  const made = killableProgram({
    command: process.execPath,
    args: ["-e", code],
    ready: "ready",
    onLine: (line) => lines.push(line),
  });
  started.push(made);
  return Object.assign(made, { lines });
}

const SAYS_PID = "console.log(process.pid); console.log('ready'); setInterval(() => {}, 1000);";

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a program that can be killed", () => {
  it("is gone once it was killed, and another process once it was started again", async () => {
    const victim = program(SAYS_PID);
    await victim.start();
    const [first] = victim.lines.map(Number);
    expect(isAlive(first!)).toBe(true);
    await victim.kill();
    expect(isAlive(first!)).toBe(false);
    await victim.start();
    const [, second] = victim.lines.map(Number);
    expect(second).not.toBe(first);
    expect(isAlive(second!)).toBe(true);
    await victim.kill();
    expect(isAlive(second!)).toBe(false);
  });

  it("cannot do anything about being killed", async () => {
    const victim = program(`process.on("SIGTERM", () => {}); ${SAYS_PID}`);
    await victim.start();
    await victim.kill();
    expect(victim.lines.map(Number).map(isAlive)).toEqual([false]);
  });

  it("ends in good order if asked to", async () => {
    const victim = program(`process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); ${SAYS_PID}`);
    await victim.start();
    await victim.stop();
    expect(victim.lines).toContain("bye");
  });

  it.each([
    ["fails when it is asked to end", `process.on("SIGTERM", () => process.exit(3)); ${SAYS_PID}`, /good order \(3\)/],
    ["knows no such request", SAYS_PID, /good order \(SIGTERM\)/],
  ])("is found out if it %s", async (_what, code, why) => {
    const victim = program(code);
    await victim.start();
    await expect(victim.stop()).rejects.toThrow(why);
  });

  it("is found out if it ends before it works, with what it said", async () => {
    const victim = program("console.error('no such file: plan.json'); process.exitCode = 4;");
    await expect(victim.start()).rejects.toMatchObject({
      code: "program_failed",
      message: expect.stringMatching(/before it worked \(4\)[\s\S]*no such file: plan\.json/) as string,
    });
  });

  it.each(["kill", "stop"] as const)("is found out if it ended by itself (%s)", async (how) => {
    const victim = program("console.log(process.pid); console.log('ready');");
    await victim.start();
    await expect.poll(() => isAlive(Number(victim.lines[0]))).toBe(false);
    await expect(victim[how]()).rejects.toThrow(/ended by itself \(0\)/);
  });

  it("is found out if there is no such program", async () => {
    const victim = killableProgram({ command: "/nowhere/at-all", ready: "ready" });
    await expect(victim.start()).rejects.toMatchObject({ code: "program_failed" });
  });

  it("is not started twice, and not killed without having been started", async () => {
    const victim = program(SAYS_PID);
    await expect(victim.kill()).rejects.toThrow(/not running/);
    await victim.start();
    await expect(victim.start()).rejects.toThrow(/started before/);
  });
});
