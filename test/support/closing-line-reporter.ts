import type { Reporter, TestModule, Vitest } from "vitest/node";

/**
 * Closes a run with where its property tests started from, and one plain line, `N passed, N failed, N skipped`, for people
 * and scripts that read the end of the output.
 */
export default class ClosingLineReporter implements Reporter {
  #seed: unknown;

  onInit({ config }: Vitest): void {
    this.#seed = config.provide?.propertySeed;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        count[state === "pending" ? "skipped" : state] += 1;
      }
      if (module.state() === "failed" && tests.every((test) => test.result().state !== "failed")) count.failed += 1;
    }
    process.stdout.write(`\nProperty tests: SEED=${String(this.#seed)}\n`);
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
