import { COLUMNS_MAX } from "./review-screen.js";

const COLUMNS_USUAL = 80;
const COLUMNS_MIN = 40;

/** How wide text for a stream may be: as wide as its terminal within reason, and 80 columns where it is none or does not know. */
export function columnsFor(stream: { columns?: number }): number {
  return Math.max(COLUMNS_MIN, Math.min(stream.columns || COLUMNS_USUAL, COLUMNS_MAX));
}
