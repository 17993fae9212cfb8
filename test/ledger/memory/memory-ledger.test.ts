import { describe, expect, it } from "vitest";
import { memoryLedger } from "../../../src/ledger/memory/memory-ledger.js";
import { ledgerContract } from "../../../src/testing/ledger-contract.js";

describe("the memory ledger", () => {
  ledgerContract({ describe, it }, async (clock) => {
    const ledger = memoryLedger({ clock });
    return { ledger, close: () => ledger.close() };
  });

  it("says that what it keeps is gone with the process", () => {
    expect(memoryLedger().durable).toBe(false);
  });
});
