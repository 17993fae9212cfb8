import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { keptWorker } from "./test/support/kept-worker.js";

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const ENTRY_POINTS: Record<string, string> = {
  assent: source("index.ts"),
  "assent/postgres": source("ledger/postgres/index.ts"),
  "assent/service": source("service/index.ts"),
  "assent/audit": source("audit/index.ts"),
  "assent/testing": source("testing/index.ts"),
  "assent/cli": source("cli/index.ts"),
};

/** Which module each name of an entry point comes from. */
function originsOf(entryPoint: string): Map<string, string> {
  const reExports = readFileSync(entryPoint, "utf8").matchAll(/export \{([^}]*)\} from "([^"]*)"/g);
  return new Map(
    [...reExports].flatMap(([, names = "", from = ""]) =>
      namesIn(names).map((name): [string, string] => [name, join(dirname(entryPoint), from.replace(/\.js$/, ".ts"))]),
    ),
  );
}

function namesIn(list: string): string[] {
  const names = list.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "" && !name.startsWith("type "));
}

/**
 * Lets a test that imports a name of the package load the one module it comes from, not all of them. Each mutant has a
 * new worker, and a test of the policy compiler would else load LangGraph each time.
 */
function direct(): Plugin {
  return {
    name: "assent-direct-imports",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/test/") && !id.includes("/src/testing/")) return undefined;
      return code.replaceAll(
        /^import \{([^}]*)\} from "(assent(?:\/\w+)?)";$/gm,
        (_all, list: string, from: string) => {
          const origins = originsOf(ENTRY_POINTS[from] ?? "");
          return namesIn(list)
            .map((name) => `import { ${name} } from ${JSON.stringify(origins.get(name) ?? from)};`)
            .join(" ");
        },
      );
    },
  };
}

/**
 * The tests of what is mutated, as far as they need no Postgres. Left out are those that would take half a minute for
 * each mutant that survives, `failure-table`, `ledger-contract` and the properties of policies: what they alone would
 * find counts as not found.
 */
const TESTS: Record<string, string[]> = {
  signature: ["test/authority/*.test.ts", "test/testing/signer-contract.test.ts"],
  claim: [
    "test/nodes/{claim-node,altered-rows,execute,claim-lease,trust,reviews,signed-decisions}.test.ts",
    "test/patterns/{veto-window,approval-gate}.test.ts",
    "test/ledger/memory/*.test.ts",
  ],
  policy: ["test/policy/!(*.property).test.ts"],
};

/** These go first, for the first test that fails ends a run. */
const QUICKEST = [
  "claim-node",
  "altered-rows",
  "execute",
  "claim-lease",
  "memory-ledger",
  "condition",
  "evaluate",
  "explain",
  "axis",
  "region",
  "counterexample",
];

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = QUICKEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place === -1 ? QUICKEST.length : place;
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

// One group is quicker alone: a mutant is then only met by the tests of its own area.
const group = process.env["MUTATION_GROUP"];

// Under Stryker alone: there a run is a mutant.
const isKept = process.env["STRYKER_MUTATOR_WORKER"] !== undefined;

/** The tests that mutation testing runs. */
export default defineConfig({
  plugins: [direct(), ...(isKept ? [keptWorker()] : [])],
  resolve: {
    alias: Object.entries(ENTRY_POINTS).map(([name, replacement]) => ({ find: new RegExp(`^${name}$`), replacement })),
  },
  test: {
    include: group === undefined ? Object.values(TESTS).flat() : TESTS[group],
    // One worker for all files of a run, so that what they share is loaded once.
    isolate: false,
    sequence: { sequencer: QuickestFirst },
    setupFiles: ["test/support/no-mutant.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
