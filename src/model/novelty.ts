/** How unlike earlier cases a proposal is, as the ledger tells: what makes two cases alike, and how far back is looked. */
export interface Novelty {
  /** Names of facts (or `action`, `agent`) that are equal in cases that are alike. */
  readonly per: readonly string[];
  readonly overMs: number;
}
