import { expect, test } from "vitest";
import { memoryLedger } from "assent";
import { outcomeBase } from "../../src/nodes/deciding.js";
import { asked, decided, moment, reviewer } from "../../src/testing/ledger-contract/specimens.js";

test("an outcome names who decided last, and passes over what nobody can have decided", async () => {
  const ledger = memoryLedger();
  const held = await decided(ledger, await asked(ledger), "approve", { by: reviewer("bo", "unverified") });
  const base = outcomeBase(held, moment(20));
  expect(base).toMatchObject({ decidedBy: "BO", unverified: true });
  for (const by of [null, {}, "bo"]) {
    const nonsense = { ...held.decisions[0]!, by: by as never };
    expect(outcomeBase({ ...held, decisions: [...held.decisions, nonsense] }, moment(20))).toEqual(base);
    expect(outcomeBase({ ...held, decisions: [nonsense] }, moment(20))).toMatchObject({
      decidedBy: null,
      unverified: false,
    });
  }
});
