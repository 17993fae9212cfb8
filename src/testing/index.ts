/**
 * For tests of gated graphs, yours and ours.
 *
 * @packageDocumentation
 */
export { checkHistory } from "./check-history.js";
export type {
  AcknowledgedDecision,
  History,
  HistoryProblem,
  HistoryProblemKind,
  HistoryReport,
  WorldEffect,
} from "./check-history.js";
export { keepKilling } from "./keep-killing.js";
export type { KeepKillingOptions, Killing } from "./keep-killing.js";
export type { Killable } from "./killable.js";
export { killablePostgres } from "./killable-postgres.js";
export type { KillablePostgres, PostgresDeath } from "./killable-postgres.js";
export { killableProgram } from "./killable-program.js";
export type { KillableProgramOptions } from "./killable-program.js";
export { ledgerContract } from "./ledger-contract.js";
export type { ContractRunner, LedgerUnderTest } from "./ledger-contract.js";
export { manualClock } from "./manual-clock.js";
export type { ManualClock } from "./manual-clock.js";
export { postgresProxy } from "./postgres-proxy.js";
export type { CutRates, PostgresProxy, PostgresProxyOptions } from "./postgres-proxy.js";
export { seededRandom } from "./seeded-random.js";
export { signerContract } from "./signer-contract.js";
export type { SignerUnderTest } from "./signer-contract.js";
export { testAuthenticator } from "./test-authenticator.js";
export type { TestIdentity } from "./test-authenticator.js";
export { testKeys } from "./test-keys.js";
export type { TestKeys } from "./test-keys.js";
export { threadsContract } from "./threads-contract.js";
export type { ThreadsUnderTest } from "./threads-contract.js";
export { threadsContractGraph } from "./threads-contract/graph.js";
export type { BreakPoint } from "./threads-contract/graph.js";
