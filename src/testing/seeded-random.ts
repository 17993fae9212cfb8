/**
 * Random numbers from 0 up to, not including, 1, always the same ones for a seed: what happened by chance can be made
 * to happen again.
 *
 * @example
 * ```ts
 * import { seededRandom } from "assent/testing";
 *
 * const random = seededRandom(42);
 * export const between1And3Seconds = 1_000 + 2_000 * random();
 * ```
 */
export function seededRandom(seed: number): () => number {
  // Mulberry32: a counter, stirred. Good enough to choose moments by, and nothing else.
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let stirred = Math.imul(counter ^ (counter >>> 15), counter | 1);
    stirred ^= stirred + Math.imul(stirred ^ (stirred >>> 7), stirred | 61);
    return ((stirred ^ (stirred >>> 14)) >>> 0) / 2 ** 32;
  };
}
