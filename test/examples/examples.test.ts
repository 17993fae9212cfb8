import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const FOLDER = "examples";
const FILES = (await readdir(FOLDER)).filter((file) => /^\d\d-.*\.ts$/.test(file)).toSorted();
const LESSONS = FILES.map((file) => file.slice(0, -3));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the lessons' runner, or a copy of it in another folder. */
function run(words: readonly string[], folder = FOLDER): Promise<Ended> {
  const command = ["--import", "tsx", join(folder, "main.ts"), ...words];
  return new Promise((settle) => {
    execFile(process.execPath, command, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

describe("the lessons", () => {
  let all: Ended;
  beforeAll(async () => {
    all = await run(["--all"]);
  });

  test.each(LESSONS)("%s holds, and shows something", (lesson) => {
    const [, shown = ""] = all.stdout.split(`/${LESSONS.length} ${lesson}\n`);
    const [said = ""] = shown.split(`ok ${lesson} (`);
    // The first line is what the lesson says about itself.
    expect(said.trim().split("\n").length, all.stderr).toBeGreaterThan(1);
    expect(shown).toContain(`ok ${lesson} (`);
  });

  test("all of them hold in one process, which ends by itself and has nothing to complain about", () => {
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toMatch(new RegExp(`All ${LESSONS.length} lessons hold\\.\\s*$`));
  });

  // One process may run them all only as long as none needs another.
  test.each(FILES)("%s stands alone, is called what it says, and asserts something", async (file) => {
    const text = await readFile(join(FOLDER, file), "utf8");
    expect(text).toMatch(new RegExp(`^/\\*\\*\n \\* Lesson ${Number(file.slice(0, 2))}\\. `));
    expect(text).toContain(`\n * Run it: npx tsx examples/${file}\n`);
    expect(text).toContain('import assert from "node:assert/strict";');
    expect(text).not.toMatch(/from "\.|process\.|globalThis/);
  });

  test("they are numbered without a gap", () => {
    expect(FILES.map((file) => Number(file.slice(0, 2)))).toEqual(FILES.map((_, index) => index + 1));
    expect(FILES.length).toBeGreaterThanOrEqual(13);
  });
});

describe("the runner", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "assent-lessons-"));
    await copyFile(join(FOLDER, "main.ts"), join(folder, "main.ts"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const lesson = (number: number, code: string) =>
      `/**\n * Lesson ${number}. About\n * it. And more.\n */\n${code}\n`;
    await writeFile(join(folder, "01-fine.ts"), lesson(1, 'console.log("this is fine");'));
    await writeFile(join(folder, "02-wrong.ts"), lesson(2, 'throw new Error("this is wrong");'));
    await writeFile(join(folder, "03-good.ts"), lesson(3, 'console.log("this is good");'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.concurrent.each([[[]], [["--list"]]])("%j lists every lesson with its first sentence", async (words) => {
    const { code, stdout } = await run(words, folder);
    expect(code).toBe(0);
    expect(stdout).toBe("01-fine\n    About it.\n02-wrong\n    About it.\n03-good\n    About it.\n");
  });

  test.concurrent("runs the lessons that are named, by number or words, each once and in their order", async () => {
    const { code, stdout } = await run(["3", "fine", "03-good"], folder);
    expect(code).toBe(0);
    const [good, fine] = stdout.split("\n\n");
    expect(good).toMatch(/^1\/2 03-good\nAbout it\.\nthis is good\nok 03-good \(\d+\.\d s\)$/);
    expect(fine).toMatch(/^2\/2 01-fine\nAbout it\.\nthis is fine\nok 01-fine \(\d+\.\d s\)$/);
    expect(stdout).toMatch(/All 2 lessons hold\.\s*$/);
  });

  test.concurrent("goes on after a lesson that fails, says which, and exits with 1", async () => {
    const { code, stdout, stderr } = await run(["--all"], folder);
    expect(code).toBe(1);
    expect(stderr).toContain("this is wrong");
    expect(stdout).toContain("FAILED 02-wrong");
    expect(stdout).toContain("ok 03-good");
    expect(stdout).toMatch(/1 of 3 failed: 02-wrong\s*$/);
  });

  test.concurrent.each([[["nothing"]], [["--everything"]], [["--all", "1"]]])(
    "refuses %j with the usage, and exits with 2",
    async (words) => {
      const { code, stdout, stderr } = await run(words, folder);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("Usage: npm run example");
      expect(stderr).not.toContain("    at ");
    },
  );

  test.concurrent("explains itself, whatever stands beside --help", async () => {
    const { code, stdout } = await run(["--help", "nothing"], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run example/);
  });
});
