import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.js";
import { MANIFEST, ROOT } from "./entry-points.js";

test("the command line tells the package's version", () => {
  expect(VERSION).toBe(MANIFEST.version);
});

test("the change log opens with this version and says something about it", () => {
  const [, first] = readFileSync(`${ROOT}CHANGELOG.md`, "utf8").split(/^## /m);
  expect(first?.split(/\s/)[0]).toBe(MANIFEST.version);
  expect(first?.split("\n").slice(1).join("\n").trim().length).toBeGreaterThan(40);
});
