/** What of many measured times is told. */
export function percentilesOf(times: readonly number[]): { p50Ms: number; p99Ms: number; maxMs: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(2));
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
