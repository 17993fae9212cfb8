import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.js";
import { propertySeed } from "./test/support/property-seed.js";

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^assent$/, replacement: source("index.ts") },
      { find: /^assent\/postgres$/, replacement: source("ledger/postgres/index.ts") },
      { find: /^assent\/(service|audit|testing|cli)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    provide: { propertySeed: propertySeed(process.env["SEED"]) },
    setupFiles: ["./test/support/plant-seed.ts"],
    globalSetup: ["./test/support/postgres-server.ts", "./test/support/installed-package.ts"],
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
