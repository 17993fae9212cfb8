import { describe, expect, test } from "vitest";
import { memoryLedger, type Case, type Ledger } from "assent";
import { digest } from "../../src/model/digest.js";
import { gated } from "../support/payments.js";

/** A ledger in whose tables somebody changed rows of the first round after it was approved. */
function alteredLedger(alter: (held: Case) => void): Ledger {
  const store = memoryLedger();
  const altered = (held: Case): Case => {
    if (held.permit !== null && held.round.round === 1) alter(held);
    return held;
  };
  const read = store.read.bind(store);
  const decide = store.decide.bind(store);
  store.read = async (id) => {
    const held = await read(id);
    return held && altered(held);
  };
  store.decide = async (request) => {
    const result = await decide(request);
    return result.ok ? { ...result, case: altered(result.case) } : result;
  };
  return store;
}

const others = { to: "mallory", cents: 1_000_000 };

describe("execute believes what the digests say, not what stands in the rows", () => {
  test("other arguments under the old digest: a typed error, no effect", async () => {
    const ledger = alteredLedger(({ round }) => {
      round.args = others;
    });
    const { thread, made } = gated({ ledger });
    await thread.start();
    await expect(thread.answer("approve")).rejects.toMatchObject({ code: "permit_mismatch" });
    await expect(thread.goOn()).rejects.toMatchObject({ code: "permit_mismatch" });
    expect(made).toEqual([]);
  });

  test("other arguments under their own digest, with a permit for the old ones: the same", async () => {
    const ledger = alteredLedger(({ round }) => {
      round.args = others;
      round.argsDigest = digest(others);
    });
    const { thread, made } = gated({ ledger });
    await thread.start();
    await expect(thread.answer("approve")).rejects.toMatchObject({ code: "permit_mismatch" });
    expect(made).toEqual([]);
  });

  const unsupported: Record<string, (held: Case) => void> = {
    "other arguments, and a permit for them, but a decision on the old ones": ({ round, permit }) => {
      round.args = others;
      round.argsDigest = digest(others);
      permit!.argsDigest = round.argsDigest;
    },
    "no decision behind the permit": (held) => {
      held.decisions = [];
    },
    "a decision of another round": ({ decisions }) => {
      decisions[0]!.round = 7;
    },
    "a decision that rejects": ({ decisions }) => {
      decisions[0]!.verdict = "reject";
    },
    "a change to other arguments": ({ decisions }) => {
      decisions[0]!.verdict = "modify";
      decisions[0]!.round = 0;
      decisions[0]!.newArgsDigest = digest(others);
    },
  };

  test.each(Object.entries(unsupported))("%s: no effect, the permit is void, a person is asked", async (_, alter) => {
    const { thread, made, assent } = gated({ ledger: alteredLedger(alter) });
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer("approve");
    expect(made).toEqual([]);
    expect(await thread.asked()).toMatchObject({ round: 2, proposal });
    const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 100 });
    expect(rows.map(({ kind }) => kind)).toContain("refused");
  });

  test("a review that is closed, and nothing that follows: told, instead of asking for ever", async () => {
    const ledger = alteredLedger((held) => {
      held.permit = null;
    });
    const { thread, made } = gated({ ledger });
    await thread.start();
    await expect(thread.answer("approve")).rejects.toMatchObject({
      code: "permit_mismatch",
      message: expect.stringContaining("nothing says what follows"),
    });
    expect(made).toEqual([]);
  });
});
