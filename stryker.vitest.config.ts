import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** The tests that mutation testing runs: those of what is mutated, as far as they need no Postgres. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^assent$/, replacement: source("index.ts") },
      { find: /^assent\/postgres$/, replacement: source("ledger/postgres/index.ts") },
      { find: /^assent\/(service|audit|testing|cli)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    include: [
      "test/authority/*.test.ts",
      "test/testing/{ledger,signer}-contract.test.ts",
      "test/ledger/memory/*.test.ts",
      "test/nodes/{execute,failure-table,altered-rows,trust,reviews}.test.ts",
      "test/nodes/{signed-decisions,claim-lease,claim-node}.test.ts",
      "test/policy/*.test.ts",
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
