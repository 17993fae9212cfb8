import { describe, expect, test } from "vitest";
import { memoryLedger, type Case } from "assent";
import { stepFor } from "../../src/nodes/gate-progress.js";
import type { Route } from "../../src/model/routing.js";
import { asked, decided, executed, proposed, routed } from "../../src/testing/ledger-contract/specimens.js";

const without = (held: Case): Case => ({ ...held, permit: null });

describe("where a case goes next", () => {
  test("follows from what the ledger holds", async () => {
    const ledger = memoryLedger();
    const waiting = await asked(ledger, { key: "b" });
    expect(stepFor(await proposed(ledger, { key: "a" }))).toBe("policy");
    expect(stepFor(waiting)).toBe("review");
    expect(stepFor(await decided(ledger, waiting, "approve"))).toBe("execute");
    expect(stepFor(await routed(ledger, "execute", { key: "c" }))).toBe("execute");
    expect(stepFor(await routed(ledger, "flag", { key: "d" }))).toBe("execute");
    expect(stepFor(await routed(ledger, "block", { key: "e" }))).toBe("audit");
    expect(stepFor(await executed(ledger, { key: "f" }))).toBe("audit");
  });

  test.each(["execute", "flag"] as const)("is a person where it is routed to %s and has no permit", async (route) => {
    expect(stepFor(without(await routed(memoryLedger(), route)))).toBe("review");
  });

  test.each([{}, { route: "sing" as Route }])("is a person where it is routed as no policy does: %j", async (odd) => {
    const held = await routed(memoryLedger(), "execute");
    expect(stepFor(without({ ...held, round: { ...held.round, routing: odd as never } }))).toBe("review");
  });

  test("is execute where the permit is void: from there another round begins", async () => {
    for (const route of ["execute", "review"] as const) {
      const held = await routed(memoryLedger(), route);
      const permit = { state: "void" } as Case["permit"];
      expect(stepFor({ ...held, permit })).toBe("execute");
    }
  });
});
