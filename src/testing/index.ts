/**
 * For tests of gated graphs, yours and ours.
 *
 * @packageDocumentation
 */
export { ledgerContract } from "./ledger-contract.js";
export type { ContractRunner, LedgerUnderTest } from "./ledger-contract.js";
export { manualClock } from "./manual-clock.js";
export type { ManualClock } from "./manual-clock.js";
export { testAuthenticator } from "./test-authenticator.js";
export type { TestIdentity } from "./test-authenticator.js";
