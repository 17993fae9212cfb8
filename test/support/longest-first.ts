import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take minutes, the longest first: begun last, they would run alone at the end while other workers idle. */
const LONGEST = [
  "test/attacks/attacks.test.ts",
  "test/attacks/patterns.test.ts",
  "test/crash/campaign.test.ts",
  "test/e2e/pattern-graphs.test.ts",
  "test/ledger/postgres/postgres-ledger.test.ts",
  "test/ledger/postgres/roles.test.ts",
];

/** Runs the longest files first, all others in vitest's own order. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return at === -1 ? LONGEST.length : at;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's own, not an array's
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
