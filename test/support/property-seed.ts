import { execFileSync } from "node:child_process";

/**
 * Where property tests start from: the number that somebody gives as `SEED`, or one that follows from the commit. Each
 * commit tries other inputs than the one before it, and whoever runs a commit again meets the same ones.
 */
export function propertySeed(given: string | undefined): number {
  if (given !== undefined) return Number.parseInt(given, 10) | 0;
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(commit.slice(0, 8), 16) | 0;
  } catch {
    // An archive of the sources has no commits.
    return Date.now() | 0;
  }
}
