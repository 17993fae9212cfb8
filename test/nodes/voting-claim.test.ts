import { describe, expect, test } from "vitest";
import { authority, memoryLedger, policy, type Case } from "assent";
import { testKeys } from "assent/testing";
import { signStatement } from "../../src/authority/signature.js";
import { newPermit } from "../../src/ledger/journal.js";
import { canonicalJson } from "../../src/model/canonical-json.js";
import type { Decision } from "../../src/model/decision.js";
import { alteredLedger, changeablePolicy, refusals } from "./signed-gate.js";
import { ana, bo, MANAGERS, reviewed, waiting } from "./voting-gate.js";

const keys = testKeys();
const signer = (await keys.signer())!;

describe("at the claim, a permit rests on as many people as it takes", () => {
  /** A decision that says something else than it said, and is signed for that: the forger has a key of ours. */
  async function restated(decision: Decision, over: Partial<Decision["by"]>): Promise<Decision> {
    const by = { ...decision.by, ...over };
    const statement = canonicalJson({ ...(JSON.parse(decision.statement) as object), by });
    return { ...decision, by, statement, signatures: [await signStatement(statement, signer)] };
  }

  type Forge = (decisions: Decision[]) => Promise<Decision[]>;
  const forged: Record<string, [forge: Forge, why: RegExp]> = {
    "one vote of two": [async ([, second]) => [second!], /too few people/],
    "the same vote twice": [async ([first]) => [first!, { ...first!, id: "dc_again" }], /too few people/],
    "the same person twice, signed anew": [
      async ([first, second]) => [first!, await restated(second!, first!.by)],
      /too few people/,
    ],
    "somebody outside the panel": [
      async ([first, second]) => [first!, await restated(second!, { id: "x", roles: ["clerk"] })],
      /none of those who may decide/,
    ],
    "whoever asked for it": [
      async ([first, second]) => [first!, await restated(second!, { id: "asker" })],
      /asked for this/,
    ],
    "an approval beyond a limit": [
      async ([first, second]) => [first!, await restated(second!, { id: "junior", roles: ["manager", "junior"] })],
      /Bo Lind may approve up to 1 USD/,
    ],
    "a refusal among the approvals": [
      async ([first, second]) => [{ ...first!, verdict: "reject" }, second!],
      /not what its statement says|have not approved it/,
    ],
  };
  const limits = authority({
    limits: [
      ...["ana-7", "bo-8", "asker", "x"].map((person) => ({ person, upTo: "100 USD" as const })),
      { person: "junior", upTo: "1 USD" },
    ],
  });

  test.each(
    Object.entries(forged).flatMap(([name, row]) => [
      [name, "verified", ...row] as const,
      [name, "open", ...row] as const,
    ]),
  )("%s, in %s trust: no effect, the thread asks again, and then it runs once", async (_, trust, forge, why) => {
    let decisions: Decision[] | null = null;
    const store = memoryLedger();
    const ledger = alteredLedger(store, (held) => {
      if (decisions !== null && held.permit !== null && held.round.round === 1) held.decisions = decisions;
    });
    const proposals = [[{ to: "bo", cents: 500 }, { requestedBy: "asker" }]] as const;
    const { thread, decide, made, assent } = await waiting({ ledger, keys, trust, proposals, authority: limits });
    await decide(ana);
    const { id } = (await decide(bo)).case.proposal;
    decisions = await forge((await store.read(id))!.decisions);
    await thread.goOn();
    expect(made).toEqual([]);
    expect((await refusals(assent)).at(0)).toMatch(why);
    expect(await thread.asked()).toMatchObject({ round: 2 });
    await decide(ana);
    await decide(bo);
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("what somebody clarified nobody has approved: a permit that says so is forged", async () => {
    let isForged = true;
    const ledger = alteredLedger(memoryLedger(), (held: Case, call) => {
      if (call === "reroute") isForged = false;
      if (!isForged || held.round.round !== 2 || held.round.routing === null) return;
      held.permit = newPermit(held.proposal.id, held.round, "decisions", held.proposal.proposedAt);
    });
    const asking = changeablePolicy(policy({ default: { route: "clarify", review: { by: MANAGERS } } }));
    const { thread, decide, made } = await waiting({ ledger, keys, policy: asking });
    asking.become(reviewed({}));
    await decide(ana, { decision: "answer", answer: { cents: 700 } });
    await thread.goOn();
    expect(made).toEqual([]);
    expect(isForged).toBe(false);
    expect(await thread.asked()).toMatchObject({ round: 2, args: { to: "bo", cents: 700 } });
    await decide(bo);
    await thread.goOn();
    expect(made).toMatchObject([{ args: { cents: 700 } }]);
  });
});
