import type { Ledger } from "../ledger/ledger.js";
import type { Clock } from "../model/clock.js";
import { askingContract } from "./ledger-contract/asking.js";
import { auditRowsContract } from "./ledger-contract/audit-rows.js";
import { claimingContract } from "./ledger-contract/claiming.js";
import type { Check } from "./ledger-contract/check.js";
import { decidingContract } from "./ledger-contract/deciding.js";
import { decidingRacesContract } from "./ledger-contract/deciding-races.js";
import { followingUpContract } from "./ledger-contract/following-up.js";
import { haltingContract } from "./ledger-contract/halting.js";
import { historyContract } from "./ledger-contract/history.js";
import { expiringContract } from "./ledger-contract/expiring.js";
import { listingContract } from "./ledger-contract/listing.js";
import { proposingContract } from "./ledger-contract/proposing.js";
import { routingContract } from "./ledger-contract/routing.js";
import { settlingContract } from "./ledger-contract/settling.js";
import { stagingContract } from "./ledger-contract/staging.js";
import { takingContract } from "./ledger-contract/taking.js";
import { queueingContract } from "./ledger-contract/queueing.js";
import { queueMetricsContract } from "./ledger-contract/queue-metrics.js";
import { queuePagesContract } from "./ledger-contract/queue-pages.js";
import { registeringContract } from "./ledger-contract/registering.js";
import { moment } from "./ledger-contract/specimens.js";
import { votingContract } from "./ledger-contract/voting.js";
import { withdrawingContract } from "./ledger-contract/withdrawing.js";
import { valuesContract } from "./ledger-contract/values.js";
import { manualClock } from "./manual-clock.js";

/** The two functions of a test runner that the suite needs; vitest, jest, mocha and `node:test` all have them. */
export interface ContractRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/** A ledger to check, and how to get rid of it. It tells whether leases hold by the clock that it is made with. */
export interface LedgerUnderTest {
  /** Must hold nothing yet. */
  ledger: Ledger;
  /** Called after each case, also a failed one. */
  close(): Promise<void>;
}

const PARTS: Record<string, (check: Check) => void> = {
  "propose and read": proposingContract,
  take: takingContract,
  "route and reroute": routingContract,
  ask: askingContract,
  decide: decidingContract,
  "decide, several at once": decidingRacesContract,
  votes: votingContract,
  "reviewers and limits": registeringContract,
  queue: queueingContract,
  "queue: pages": queuePagesContract,
  "queue: metrics": queueMetricsContract,
  "deadlines, people and drafts": expiringContract,
  withdraw: withdrawingContract,
  "claim and extend": claimingContract,
  settle: settlingContract,
  "follow up": followingUpContract,
  history: historyContract,
  "halt and lift": haltingContract,
  "reviews, cases and deliveries": listingContract,
  stages: stagingContract,
  "audit log": auditRowsContract,
  values: valuesContract,
};

/**
 * Checks a ledger against the contract of {@link Ledger}: every method, every clause, alone and 16 at once. All
 * ledgers of Assent pass it; run it on one of your own before you let it hold a permit.
 *
 * `makeLedger` is called once for every case and must give an empty ledger, whose leases are timed by the clock that it
 * is given.
 *
 * @example
 * ```ts
 * import type { Clock, Ledger } from "assent";
 * import { ledgerContract } from "assent/testing";
 * import { describe, it } from "vitest";
 *
 * declare function openMyLedger(clock: Clock): Promise<Ledger>;
 *
 * ledgerContract({ describe, it }, async (clock) => {
 *   const ledger = await openMyLedger(clock);
 *   return { ledger, close: () => ledger.close() };
 * });
 * ```
 */
export function ledgerContract(runner: ContractRunner, makeLedger: (clock: Clock) => Promise<LedgerUnderTest>): void {
  const check: Check = (title, body) =>
    runner.it(title, async () => {
      const clock = manualClock(moment(20));
      const made = await makeLedger(clock);
      try {
        await body(made.ledger, (seconds) => clock.advance(Date.parse(moment(seconds)) - clock.now().getTime()));
      } finally {
        await made.close();
      }
    });
  for (const [title, part] of Object.entries(PARTS)) runner.describe(title, () => part(check));
}
