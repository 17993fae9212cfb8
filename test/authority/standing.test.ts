import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryLedger, type Case, type Decision } from "assent";
import { whyAltered, whyNotStanding, type Signatories } from "../../src/authority/standing.js";
import { signStatement } from "../../src/authority/signature.js";
import { canonicalJson } from "../../src/model/canonical-json.js";
import { digest } from "../../src/model/digest.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import { ONE_PERSON, type Requirement } from "../../src/model/requirement.js";
import { askRequest, decided, moment, reviewer, routed } from "../../src/testing/ledger-contract/specimens.js";
import { newKey, restate, sign, standing, statementOf, type Deciding, type TestKey } from "./standing-cases.js";

/** Whether decisions that are signed with these stand, where anybody may decide. */
function whyNot(held: Case, signatories: Signatories): string | null {
  return whyNotStanding(held, { signatories });
}

const key = newKey();
const trusted = [key.trusted];
const others = { orderId: "o-9", amount: 9_999 };

const last = ({ decisions }: Case): Decision => decisions.at(-1)!;

describe("a decision stands", () => {
  test.each(["approve", "modify"] as const)("by %s, signed by a trusted key", async (verdict) => {
    expect(whyNot(await standing(key, { verdict }), trusted)).toBeNull();
  });

  test("for everybody who may be named, with or without a note", async () => {
    for (const note of [null, "", "Ünïcode \u202e and a \n line"]) {
      expect(whyNot(await standing(key, { note, by: reviewer("bo") }), trusted)).toBeNull();
    }
  });

  test("whichever of several trusted keys signed it, wherever that is listed", async () => {
    const held = await standing(key);
    const [one, other] = [newKey().trusted, newKey().trusted];
    expect(whyNot(held, [one, other, key.trusted])).toBeNull();
    expect(whyNot(held, [key.trusted, one, other])).toBeNull();
  });

  test.each([
    ["names nothing", ""],
    ["names a key that nobody knows", "nobody's"],
  ])("if its key id %s: that is a hint, and no more", async (_, keyid) => {
    const held = await standing(key);
    last(held).signatures[0]!.keyid = keyid;
    expect(whyNot(held, trusted)).toBeNull();
  });

  test("if its key id names another trusted key: what counts is the key that signed it", async () => {
    const other = newKey();
    const held = await standing(key);
    last(held).signatures[0]!.keyid = other.trusted.id;
    expect(whyNot(held, [other.trusted, key.trusted])).toBeNull();
    expect(whyNot(held, [other.trusted])).toBe("the decision is signed by no trusted key");
    const revoked = { ...key.trusted, until: moment(0), revokedAt: moment(0) };
    expect(whyNot(held, [other.trusted, revoked])).toMatch(new RegExp(`${key.trusted.id}, which was revoked`));
  });

  test("if one of its signatures is good, whatever the others are", async () => {
    const revoked = newKey({ until: moment(0), revokedAt: moment(0) });
    const held = await standing(key);
    const { statement, signatures } = last(held);
    const good = signatures[0]!;
    const bad = await signStatement(statement, revoked.signer);
    const nobodys = await signStatement(statement, newKey().signer);
    const all = [...trusted, revoked.trusted];
    for (const mixed of [
      [bad, good],
      [good, bad],
      [nobodys, bad, good],
      [{ keyid: "", sig: "" }, good],
    ]) {
      last(held).signatures = mixed;
      expect(whyNot(held, all)).toBeNull();
    }
    last(held).signatures = [bad, nobodys];
    expect(whyNot(held, all)).toMatch(/which was revoked/);
    last(held).signatures = [nobodys, bad];
    expect(whyNot(held, all)).toMatch(/which was revoked/);
    last(held).signatures = [nobodys, nobodys];
    expect(whyNot(held, all)).toBe("the decision is signed by no trusted key");
  });

  test("in open trust without any signature, and without a word on who decided", async () => {
    for (const verdict of ["approve", "modify"] as const) {
      const held = await standing(key, { verdict, by: reviewer("bo", "unverified") });
      last(held).signatures = [];
      last(held).statement = "";
      expect(whyNot(held, null)).toBeNull();
    }
  });

  test("beside an earlier decision on a round that is no more", async () => {
    const held = await standing(key, { verdict: "modify" });
    const earlier: Decision = { ...last(held), verdict: "approve", newArgsDigest: null, statement: "", signatures: [] };
    held.decisions.unshift(earlier);
    expect(whyNot(held, trusted)).toBeNull();
  });
});

describe("where a vote came before the escalation", () => {
  const directors = [{ role: "director" }];
  const requires: Requirement = {
    ...ONE_PERSON,
    panels: [{ rule: null, by: [{ role: "manager" }], quorum: "two-person", tieBreak: "reject" }],
    escalateTo: [{ by: directors, withinMs: null, otherwise: "hold" }],
  };
  const director = (id: string) => ({ ...reviewer(id), roles: ["director"] });

  async function escalated(...votes: PrincipalRecord[]): Promise<Case> {
    const ledger = memoryLedger();
    let held = await ledger.ask(askRequest(await routed(ledger, "review", {}, { requires })));
    held = await decided(ledger, held, "approve", { by: reviewer("ana") });
    held = await decided(ledger, held, "escalate", { by: reviewer("bo"), escalatedMs: 60_000 });
    for (const by of votes) held = await decided(ledger, held, "approve", { by });
    for (const decision of held.decisions) await sign(decision, key);
    return held;
  }

  test("those of the next step decide: the vote stands in nobody's way, and stands in for nobody's", async () => {
    const held = await escalated(director("dee"), director("eve"));
    expect(held.permit?.state).toBe("issued");
    expect(whyNotStanding(held, { signatories: trusted, requires })).toBeNull();
    const one = await escalated(director("dee"));
    expect(whyNotStanding(one, { signatories: trusted, requires })).toBe("too few people have approved it");
  });

  test("a vote of somebody whom no step asks for still spoils it", async () => {
    const held = await escalated(director("dee"), director("eve"));
    held.decisions[0]!.by.roles = ["clerk"];
    await restate(held.decisions[0]!, key, { by: held.decisions[0]!.by });
    expect(whyNotStanding(held, { signatories: trusted, requires })).toMatch(/^ANA is none of those/);
  });
});

describe("what is recorded", () => {
  test("is what its digests say: nothing to complain of", async () => {
    expect(whyAltered((await standing(key)).round)).toBeNull();
  });

  const altered: Record<string, [alter: (held: Case) => void, why: string]> = {
    "other arguments": [({ round }) => (round.args = others), "the recorded arguments do not have the recorded digest"],
    "another digest of the arguments": [
      ({ round }) => (round.argsDigest = digest(others)),
      "the recorded arguments do not have the recorded digest",
    ],
    "something else that is shown": [
      ({ round }) => (round.display.summary = "Refund 1 USD"),
      "what is shown does not have the recorded digest",
    ],
    "another digest of what is shown": [
      ({ round }) => (round.displayDigest = digest("x")),
      "what is shown does not have the recorded digest",
    ],
    "other arguments that are shown, under their own digest": [
      ({ round }) => {
        round.display.args = others;
        round.displayDigest = digest(round.display);
      },
      "what is shown has other arguments than the recorded ones",
    ],
    "other arguments under their own digest, with the old ones shown": [
      ({ round }) => {
        round.args = others;
        round.argsDigest = digest(others);
      },
      "what is shown has other arguments than the recorded ones",
    ],
    "other facts than the shown ones": [
      ({ round }) => (round.facts = { ...round.facts, confidence: 1 }),
      "what is shown has other facts than the recorded ones",
    ],
    "no facts": [({ round }) => (round.facts = {}), "what is shown has other facts than the recorded ones"],
    "arguments that have no digest": [
      ({ round }) => (round.args = { orderId: "x".repeat(100_000) }),
      "the recorded arguments do not have the recorded digest",
    ],
    "something shown that has no digest": [
      ({ round }) => (round.display.summary = "\ud800"),
      "what is shown does not have the recorded digest",
    ],
  };

  test.each(Object.entries(altered))("%s: refused, also in open trust", async (_, [alter, why]) => {
    const held = await standing(key);
    alter(held);
    expect(whyAltered(held.round)).toBe(why);
    expect(whyNot(held, trusted)).toBe(why);
    expect(whyNot(held, null)).toBe(why);
  });

  test("everything altered together, with all its digests: the decision is about something else", async () => {
    const held = await standing(key);
    held.round.args = held.round.display.args = others;
    held.round.argsDigest = digest(others);
    held.round.displayDigest = digest(held.round.display);
    const why = "the last decision is about other arguments";
    expect(whyNot(held, trusted)).toBe(why);
    expect(whyNot(held, null)).toBe(why);
    last(held).argsDigest = held.round.argsDigest;
    expect(whyNot(held, trusted)).toBe("the decision is not what its statement says");
  });
});

describe("no decision stands behind", () => {
  const DIFFERS = "the decision is not what its statement says";
  const REFUSED = "those who were asked have not approved it";
  const uncovered: Record<string, [alter: (held: Case) => void, why: string, whyInOpenTrust?: string]> = {
    "a permit without any decision": [({ decisions }) => void decisions.pop(), "no decision stands behind the permit"],
    "a round that was approved as another one": [(held) => (last(held).round = 2), OTHER()],
    "arguments other than the approved ones": [(held) => (last(held).argsDigest = digest(others)), OTHER()],
    "a rejection": [(held) => (last(held).verdict = "reject"), DIFFERS, REFUSED],
    "an answer": [(held) => (last(held).verdict = "answer"), OTHER()],
    "an abstention": [(held) => (last(held).verdict = "abstain"), DIFFERS, "too few people have approved it"],
    "a rejection after the approval": [
      (held) => void held.decisions.push({ ...last(held), verdict: "reject" }),
      DIFFERS,
      REFUSED,
    ],
    "a change of the same round after the approval": [
      (held) => void held.decisions.push({ ...last(held), verdict: "modify", newArgsDigest: held.round.argsDigest }),
      OTHER(),
    ],
  };

  function OTHER(): string {
    return "the last decision is about other arguments";
  }

  test.each(Object.entries(uncovered))("%s, in either trust", async (_, [alter, why, whyInOpenTrust = why]) => {
    const held = await standing(key);
    alter(held);
    expect(whyNot(held, trusted)).toBe(why);
    expect(whyNot(held, null)).toBe(whyInOpenTrust);
  });

  test.each<[string, (held: Case) => void]>([
    ["of two rounds ago", ({ round, proposal }) => (round.round = proposal.round = 3)],
    ["of this very round", ({ round, proposal }) => (round.round = proposal.round = 1)],
    ["to other arguments", (held) => (last(held).newArgsDigest = digest(others))],
    ["to nothing", (held) => (last(held).newArgsDigest = null)],
    ["that was only asked for", (held) => (last(held).verdict = "revise")],
  ])("a change %s", async (_, alter) => {
    const held = await standing(key, { verdict: "modify" });
    alter(held);
    expect(whyNot(held, trusted)).toBe(OTHER());
    expect(whyNot(held, null)).toBe(OTHER());
  });
});

describe("in either trust a decision does not stand", () => {
  test.each([
    { by: null },
    { by: {} },
    { by: { ...reviewer(), level: "certain" } },
    { signatures: null },
    { signatures: {} },
    { signatures: [null] },
    { signatures: [{ keyid: 1, sig: "" }] },
    { statement: null },
    { note: 7 },
  ])("whose record no ledger has written: %j", async (odd) => {
    const held = await standing(key);
    Object.assign(last(held), odd);
    for (const signatories of [trusted, null]) {
      expect(whyNot(held, signatories)).toBe("the decision's record cannot be read");
    }
  });
});

describe("in verified trust a decision does not stand", () => {
  const DIFFERS = "the decision is not what its statement says";
  const UNREADABLE = "the decision's statement cannot be read";
  const NO_KEY = "the decision is signed by no trusted key";

  const wrong: Record<string, [alter: (held: Case, key: TestKey) => unknown, why: string, Deciding?]> = {
    "that was made in open trust, even if a key signed it": [
      () => undefined,
      "the decision was made in open trust, and this is verified trust",
      { by: reviewer("bo", "unverified") },
    ],
    "whose statement was emptied": [(held) => (last(held).statement = ""), UNREADABLE],
    "whose statement is null": [(held) => (last(held).statement = "null"), UNREADABLE],
    "whose statement is no JSON": [(held) => (last(held).statement = last(held).statement.slice(1)), UNREADABLE],
    "whose statement has spaces, signed": [
      (held, key) => {
        last(held).statement = last(held).statement.replaceAll('":', '": ');
        return sign(last(held), key);
      },
      UNREADABLE,
    ],
    "whose statement ends with a line break, signed": [
      (held, key) => {
        last(held).statement += "\n";
        return sign(last(held), key);
      },
      UNREADABLE,
    ],
    "whose statement names a key twice, signed": [
      (held, key) => {
        last(held).statement = last(held).statement.replace("{", '{"verdict":"reject",');
        return sign(last(held), key);
      },
      UNREADABLE,
    ],
    "whose statement has its keys in another order, signed": [
      (held, key) => {
        const entries = Object.entries(statementOf(last(held))).toReversed();
        last(held).statement = JSON.stringify(Object.fromEntries(entries));
        return sign(last(held), key);
      },
      UNREADABLE,
    ],
    "whose statement says more, signed": [(held, key) => restate(last(held), key, { extra: true }), UNREADABLE],
    "whose statement says more of who decided, signed": [
      (held, key) => restate(last(held), key, { by: { ...last(held).by, admin: true } }),
      UNREADABLE,
    ],
    "whose statement is of another version, signed": [(held, key) => restate(last(held), key, { v: 2 }), UNREADABLE],
    "whose statement is of another type, signed": [
      (held, key) => restate(last(held), key, { type: "assent.checkpoint" }),
      UNREADABLE,
    ],
    "whose statement leaves something out, signed": [
      (held, key) => {
        const { displayDigest: _, ...rest } = statementOf(last(held));
        last(held).statement = canonicalJson(rest);
        return sign(last(held), key);
      },
      UNREADABLE,
    ],
    ...Object.fromEntries(
      Object.entries({
        thread: "thread-2",
        proposal: "pr_other",
        review: "rv_other",
        round: 2,
        action: "transfer",
        verdict: "reject",
        argsDigest: digest(others),
        displayDigest: digest("another screen"),
        newArgsDigest: digest(others),
        by: reviewer("mallory"),
        reasonCode: "fraud",
        note: "Never.",
        decidedAt: moment(11),
      }).map(([name, said]) => [
        `whose signed statement has another ${name}`,
        [(held: Case, key: TestKey) => restate(last(held), key, { [name]: said }), DIFFERS],
      ]),
    ),
    "whose row has another review": [(held) => (last(held).reviewId = "rv_other"), DIFFERS],
    "whose row has another proposal": [(held) => (last(held).proposalId = "pr_other"), DIFFERS],
    "whose row has another note": [(held) => (last(held).note = "Hm."), DIFFERS],
    "whose row has a note that has no JSON form": [(held) => (last(held).note = "\ud800"), DIFFERS],
    "whose row has a note as long as a book": [(held) => (last(held).note = "x".repeat(100_000)), DIFFERS],
    "whose row has another reason": [(held) => (last(held).reasonCode = "other"), DIFFERS],
    "whose row has another time": [(held) => (last(held).decidedAt = moment(12)), DIFFERS],
    "whose row has new arguments": [(held) => (last(held).newArgsDigest = digest(others)), DIFFERS],
    "whose row has another person": [(held) => (last(held).by = reviewer("mallory")), DIFFERS],
    "whose row has another name of the person": [(held) => (last(held).by.name = "Mallory"), DIFFERS],
    "whose row has other roles of the person": [(held) => (last(held).by.roles = ["owner"]), DIFFERS],
    "whose row has another authenticator": [(held) => (last(held).by.authenticator = "passkey"), DIFFERS],
    "that is on another thread now": [(held) => (held.proposal.threadId = "thread-2"), DIFFERS],
    "that is about another action now": [(held) => (held.proposal.action = "transfer"), DIFFERS],
    "that is part of another proposal now": [(held) => (held.proposal.id = "pr_other"), DIFFERS],
    "that nobody signed": [(held) => (last(held).signatures = []), "the decision is not signed"],
    "whose signature was emptied": [(held) => (last(held).signatures[0]!.sig = ""), NO_KEY],
    "that a key signed that nobody knows": [(held) => sign(last(held), newKey()), NO_KEY],
    "that a key signed that nobody knows, by the name of one that is trusted": [
      async (held, key) => {
        await sign(last(held), newKey());
        last(held).signatures[0]!.keyid = key.trusted.id;
      },
      NO_KEY,
    ],
    "with the signature of another decision": [
      async (held, key) => {
        last(held).signatures = last(await standing(key, { threadId: "thread-2" })).signatures;
      },
      NO_KEY,
    ],
  };

  test.each(Object.entries(wrong))("%s", async (_, [alter, why, options]) => {
    const held = await standing(key, options);
    await alter(held, key);
    expect(whyNot(held, trusted)).toBe(why);
    // What is said and who said it is taken on trust there, which is what open means; what is recorded still has to fit.
    expect(whyNot(held, null)).toBeNull();
  });

  test("where no key is trusted", async () => {
    expect(whyNot(await standing(key), [])).toBe(NO_KEY);
  });

  test.each(["thread", "proposal", "round", "by", "argsDigest"])(
    "that is a change whose signed statement has another %s",
    async (name) => {
      const held = await standing(key, { verdict: "modify" });
      const other = { round: 7, by: reviewer("mallory") }[name] ?? "other";
      await restate(last(held), key, { [name]: other });
      expect(whyNot(held, trusted)).toBe(DIFFERS);
    },
  );

  test("that is a change, signed for other arguments than its row says", async () => {
    const held = await standing(key, { verdict: "modify" });
    await restate(last(held), key, { newArgsDigest: digest(others) });
    expect(whyNot(held, trusted)).toBe(DIFFERS);
  });

  test("beside another on the same round that is forged", async () => {
    const held = await standing(key);
    const forged: Decision = { ...structuredClone(last(held)), by: reviewer("mallory") };
    held.decisions.unshift(forged);
    expect(whyNot(held, trusted)).toBe(DIFFERS);
    held.decisions.reverse();
    expect(whyNot(held, trusted)).toBe(DIFFERS);
  });
});

describe("the time at which a key signed", () => {
  const at = moment(600);
  const minutes = (count: number, ms = 0): string => new Date(Date.parse(at) + count * 60_000 + ms).toISOString();
  const decidedThen = (own: TestKey): Promise<Case> => standing(own, { at });

  test.each<[string, Partial<TestKey["trusted"]>, boolean]>([
    ["after the key was made", { since: minutes(-1) }, true],
    ["when it was made", { since: at }, true],
    ["five minutes before, by another clock", { since: minutes(5) }, true],
    ["more than five minutes before", { since: minutes(5, 1) }, false],
    ["before it was retired", { until: minutes(1) }, true],
    ["when it was retired", { until: at }, true],
    ["five minutes after, by another clock", { until: minutes(-5) }, true],
    ["more than five minutes after", { until: minutes(-5, -1) }, false],
    ["within its time", { since: minutes(-10), until: minutes(10) }, true],
    ["after its time, which began before", { since: minutes(-20), until: minutes(-10) }, false],
    ["before its time, which has ended since", { since: minutes(10), until: minutes(20) }, false],
  ])("%s", async (_, over, counts) => {
    const own = newKey(over);
    expect(whyNot(await decidedThen(own), [own.trusted])).toBe(
      counts ? null : `the decision is signed with key ${own.trusted.id}, which was not in use then`,
    );
  });

  test.each([
    ["before the key was retired", minutes(-1), true],
    ["when it was retired", minutes(0), true],
    ["five minutes after, by another clock", minutes(5), true],
    ["more than five minutes after", minutes(5, 1), false],
  ])("does not help a retired key with what was proposed later: proposed %s", async (_, proposedAt, counts) => {
    const retired = newKey({ until: at });
    const current = newKey();
    const held = await standing(retired, { at: minutes(-2), proposedAt });
    expect(whyNot(held, [retired.trusted])).toBe(
      counts ? null : `the decision is signed with key ${retired.trusted.id}, retired before it was proposed`,
    );
    await sign(last(held), current);
    expect(whyNot(held, [retired.trusted, current.trusted])).toBeNull();
  });

  test.each([
    ["long before it was revoked", minutes(10_000)],
    ["after it was revoked", minutes(-10_000)],
    ["at that very moment", at],
  ])("%s: a revoked key counts for nothing", async (_, revokedAt) => {
    const own = newKey({ until: minutes(20_000), revokedAt });
    expect(whyNot(await decidedThen(own), [own.trusted])).toBe(
      `the decision is signed with key ${own.trusted.id}, which was revoked`,
    );
  });

  test.each(["never", "", "2026-02-31T99:00:00.000Z"])("that is none (%j): refused", async (decidedAt) => {
    const own = newKey();
    const held = await standing(own);
    last(held).decidedAt = decidedAt;
    await restate(last(held), own, { decidedAt });
    expect(whyNot(held, [own.trusted])).toMatch(/not in use then$/);
  });

  test("is told of the key that really signed, not of the one that is named", async () => {
    const [old, current] = [newKey({ until: minutes(-60) }), newKey()];
    const held = await decidedThen(old);
    last(held).signatures[0]!.keyid = current.trusted.id;
    expect(whyNot(held, [current.trusted, old.trusted])).toBe(
      `the decision is signed with key ${old.trusted.id}, which was not in use then`,
    );
  });
});

test("a decision on one case never stands behind another", async () => {
  const amounts = fc.constantFrom(5, 12.5, 100);
  const deciding: fc.Arbitrary<Deciding> = fc.record({
    key: fc.constantFrom("a", "b"),
    threadId: fc.constantFrom("thread-1", "thread-2"),
    action: fc.constantFrom("refund", "transfer"),
    agent: fc.constantFrom("support", "sales"),
    context: fc.constantFrom({ said: "please" }, { said: "now" }),
    verdict: fc.constantFrom("approve" as const, "modify" as const),
    args: amounts.map((amount) => ({ orderId: "o-1", amount })),
  });
  // A modification is signed for the new arguments; what it was made of is no part of the new round.
  const identity = (held: Case): string => {
    const { verdict } = last(held);
    const shown = verdict === "modify" ? null : held.round.displayDigest;
    return canonicalJson([held.proposal.id, held.proposal.action, held.round.argsDigest, shown, verdict]);
  };
  let pairs = 0;
  await fc.assert(
    fc.asyncProperty(deciding, deciding, async (one, other) => {
      const [a, b] = [await standing(key, one), await standing(key, other)];
      expect(whyNot(a, trusted)).toBeNull();
      expect(whyNot(b, trusted)).toBeNull();
      fc.pre(identity(a) !== identity(b));
      pairs += 1;
      // As it is; and with a row that claims to be about the other case.
      const moved = { ...structuredClone(last(a)), ...claimsOf(last(b)) };
      for (const decision of [last(a), moved]) {
        expect(whyNot({ ...b, decisions: [decision] }, trusted)).not.toBeNull();
      }
    }),
    { numRuns: 150 },
  );
  expect(pairs).toBeGreaterThan(50);
});

/** What a row says of what it is about. */
function claimsOf({ reviewId, proposalId, round, verdict, argsDigest, newArgsDigest }: Decision): Partial<Decision> {
  return { reviewId, proposalId, round, verdict, argsDigest, newArgsDigest };
}
