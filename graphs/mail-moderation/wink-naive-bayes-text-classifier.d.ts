/** The part of the package that the mail classifier uses; it ships no types. */
declare module "wink-naive-bayes-text-classifier" {
  interface NaiveBayes {
    /** Only before learning. `considerOnlyPresence` counts a word once a text; `smoothingFactor` is 0 to 1. */
    defineConfig(config: { considerOnlyPresence: boolean; smoothingFactor: number }): boolean;
    /** With no tasks, texts are given as tokens. */
    definePrepTasks(tasks: ((input: unknown) => unknown)[]): number;
    learn(tokens: readonly string[], label: string): boolean;
    /** Ends learning. Throws an Error if fewer than two labels or ten words were seen. */
    consolidate(): boolean;
    /** For each label its log2 odds, highest first; `[["unknown", 0]]` if no token is known. */
    computeOdds(tokens: readonly string[]): [label: string, log2Odds: number][];
    /** JSON of `[config, samples by label, counts by label and word, words by label, vocabulary]`. */
    exportJSON(): string;
  }

  function naiveBayes(): NaiveBayes;
  export default naiveBayes;
}
