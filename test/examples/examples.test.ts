import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const LESSONS = readdirSync("examples").filter((name) => /^\d\d-.*\.ts$/.test(name));

it("has lessons to run", () => {
  expect(LESSONS.length).toBeGreaterThanOrEqual(2);
});

it.each(LESSONS)("%s runs to its end", async (lesson) => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", `examples/${lesson}`]);
  expect(stdout).not.toBe("");
});
