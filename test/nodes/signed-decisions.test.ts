import { verify } from "node:crypto";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAssent, loadKeys, memoryLedger, policy, type Case, type Keys } from "assent";
import { manualClock, testKeys } from "assent/testing";
import { generateKeys, revokeKey, rotateKeys } from "../../src/authority/key-folder.js";
import { signStatement } from "../../src/authority/signature.js";
import { digest } from "../../src/model/digest.js";
import { hurriedClock } from "../support/hurried-clock.js";
import { askAlways, payments } from "../support/payments.js";
import { alteredLedger, ana, changeablePolicy, decide, refusals, signedGate, theCase } from "./signed-gate.js";

const bo = { to: "bo", cents: 500 };
const others = { to: "mallory", cents: 1_000_000 };

describe("a decision that was signed elsewhere", () => {
  test("lets a host run that holds public keys only", async () => {
    const { thread, host, decider, made } = signedGate();
    await thread.start();
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toMatchObject([{ args: bo }]);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana", unverified: false });
    expect((await theCase(host)).permit).toMatchObject({ state: "spent", claims: 1, round: 1 });
    expect(await refusals(host)).toEqual([]);
  });

  test("can be checked with the public key and nothing of ours", async () => {
    const keys = testKeys();
    const { thread, decider } = signedGate({ keys });
    await thread.start();
    const { decisions } = await decide(decider, thread);
    const { statement, signatures } = decisions[0]!;
    const [key] = await keys.trusted();
    const { keyid, sig } = signatures[0]!;
    const type = "application/vnd.assent.decision.v1+json";
    const signedBytes = `DSSEv1 ${type.length} ${type} ${Buffer.byteLength(statement)} ${statement}`;
    expect(keyid).toBe(key!.id);
    expect(verify(null, Buffer.from(signedBytes), key!.publicKey, Buffer.from(sig, "base64"))).toBe(true);
    expect(JSON.parse(statement)).toMatchObject({ thread: thread.id, verdict: "approve", by: { id: "ana" } });
  });

  test("that changes the arguments lets the new ones run", async () => {
    const { thread, decider, made } = signedGate();
    await thread.start();
    await decide(decider, thread, "modify", { to: "cy", cents: 7 });
    await thread.answer("go on");
    expect(made).toMatchObject([{ args: { to: "cy", cents: 7 } }]);
  });

  test("is needed by an open host too, for what was proposed in verified trust", async () => {
    const { thread, decider, made, anotherHost } = signedGate();
    await thread.start();
    await decide(decider, thread);
    // It trusts other keys.
    const stranger = anotherHost({ trust: "open", keys: testKeys() });
    await stranger.goOn();
    expect(made).toEqual([]);
    expect((await stranger.asked()).round).toBe(2);
  });
});

describe("a host with public keys only", () => {
  test("decides nothing: nothing is recorded, and the thread still waits", async () => {
    const { thread, host, decider, made } = signedGate();
    await thread.start();
    for (const [verdict, args] of [["approve"], ["reject"], ["modify", bo]] as const) {
      await expect(decide(host, thread, verdict, args)).rejects.toMatchObject({
        code: "keys_missing",
        message: expect.stringContaining("no signing key"),
        fix: expect.stringContaining("assent keys generate"),
      });
    }
    expect((await theCase(host)).decisions).toEqual([]);
    await thread.answer("approve");
    expect(made).toEqual([]);
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });

  test("decides nothing either if its signer is away: the error is the signer's", async () => {
    const keys = testKeys();
    const away: Keys = {
      ...keys,
      signer: async () => ({ keyId: "hsm", sign: () => Promise.reject(new Error("the key service is away")) }),
    };
    const { thread, decider, made } = signedGate({ keys: away });
    await thread.start();
    await expect(decide(decider, thread)).rejects.toThrow("the key service is away");
    expect((await theCase(decider)).decisions).toEqual([]);
    await thread.answer("go on");
    expect(made).toEqual([]);
  });
});

describe("a decision whose row was altered", () => {
  const strangers = testKeys();
  const altered: Record<string, [alter: (held: Case) => void | Promise<void>, why: RegExp]> = {
    "another person": [({ decisions }) => (decisions[0]!.by.name = "The board"), /not what its statement says/],
    "another note": [({ decisions }) => void (decisions[0]!.note = "Very sure."), /not what its statement says/],
    "a note that cannot be digested": [({ decisions }) => void (decisions[0]!.note = "\ud800"), /not what its/],
    "another statement": [
      ({ decisions }) => void (decisions[0]!.statement = decisions[0]!.statement.replace("ana", "bob")),
      /not what its statement says/,
    ],
    "no statement": [({ decisions }) => void (decisions[0]!.statement = ""), /cannot be read/],
    "no signature": [({ decisions }) => void (decisions[0]!.signatures = []), /not signed/],
    "another signature": [
      ({ decisions }) => void (decisions[0]!.signatures[0]!.sig = Buffer.alloc(64).toString("base64")),
      /no trusted key/,
    ],
    "no row at all": [(held) => void (held.decisions = []), /no decision stands/],
    "a rejection made an approval": [({ decisions }) => void (decisions[0]!.verdict = "modify"), /other arguments/],
    "another thread": [({ decisions }) => void (decisions[0]!.reviewId = "rv_other"), /not what its statement says/],
    "something else shown": [({ round }) => void (round.display.summary = "Pay 1 cent"), /shown does not have/],
    "other facts": [({ round }) => void (round.facts = {}), /other facts than/],
    "everything, with all digests": [
      ({ round, permit, decisions }) => {
        Object.assign(round, { args: others, argsDigest: digest(others) });
        round.display.args = others;
        round.displayDigest = digest(round.display);
        permit!.argsDigest = decisions[0]!.argsDigest = round.argsDigest;
      },
      /not what its statement says/,
    ],
  } as Record<string, [(held: Case) => void, RegExp]>;

  test.each(Object.entries(altered))(
    "%s: refused at the claim, the permit void, a person asked, and then it runs once",
    async (_, [alter, why]) => {
      const ledger = alteredLedger(memoryLedger(), (held) => {
        if (held.permit !== null && held.round.round === 1) void alter(held);
      });
      const { thread, host, decider, made } = signedGate({ ledger });
      await thread.start();
      const first = await thread.asked();
      await decide(decider, thread);
      await thread.answer("go on");
      expect(made).toEqual([]);
      const again = await thread.asked();
      expect(again).toMatchObject({ round: 2, proposal: first.proposal, args: bo });
      expect(again.review).not.toBe(first.review);
      const [reason, ...more] = await refusals(host);
      expect(reason).toMatch(why);
      expect(more).toEqual([]);
      await decide(decider, thread);
      await thread.answer("go on");
      expect(made).toMatchObject([{ args: bo }]);
      const held = await theCase(host);
      expect(held.permit).toMatchObject({ round: 2, state: "spent", claims: 1, id: made[0]!.idempotencyKey });
      expect(await thread.outcome()).toMatchObject({ status: "executed" });
    },
  );

  test("a forged one, signed with a key of the forger's own: refused", async () => {
    const statements = memoryLedger();
    const { thread, decider } = signedGate();
    await thread.start();
    const { statement } = (await decide(decider, thread)).decisions[0]!;
    const forged = await signStatement(statement, (await strangers.signer())!);
    const ledger = alteredLedger(statements, (held) => {
      if (held.permit !== null && held.round.round === 1) held.decisions[0]!.signatures = [forged];
    });
    const victim = signedGate({ ledger });
    await victim.thread.start();
    await decide(victim.decider, victim.thread);
    await victim.thread.answer("go on");
    expect(victim.made).toEqual([]);
    expect(await refusals(victim.host)).toEqual([expect.stringMatching(/no trusted key/)]);
  });

  test("the good decision of one thread, put under the permit of another: refused", async () => {
    const donor = signedGate();
    const keys = donor.decider.keys!;
    await donor.thread.start();
    const good = (await decide(donor.decider, donor.thread)).decisions;
    const ledger = alteredLedger(memoryLedger(), (held) => {
      if (held.permit === null || held.round.round !== 1) return;
      held.decisions = good.map((made) => ({ ...made, proposalId: held.proposal.id, reviewId: held.review!.id }));
    });
    const { thread, decider, host, made } = signedGate({ ledger, keys });
    await thread.start();
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await refusals(host)).toEqual([expect.stringMatching(/not what its statement says/)]);
  });

  test("nobody signs for a review whose rows do not have their digests", async () => {
    let isAltered = true;
    const ledger = alteredLedger(memoryLedger(), ({ round }) => {
      if (isAltered) round.display.summary = "Pay 1 cent to bo";
    });
    const { thread, decider, made } = signedGate({ ledger });
    await thread.start();
    await expect(decide(decider, thread)).rejects.toMatchObject({
      code: "digest_mismatch",
      message: expect.stringContaining("what is shown does not have the recorded digest"),
    });
    expect((await theCase(decider)).decisions).toEqual([]);
    isAltered = false;
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });
});

describe("a key that changes between decision and claim", () => {
  let folder: string;
  let nth = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "assent-signed-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A thread with a signed approval that has not run. */
  async function approved() {
    const path = join(folder, `keys-${(nth += 1)}`);
    const { keys: listed, public: shared } = await generateKeys(path);
    const trial = signedGate({ keys: await loadKeys(path), hostKeys: await loadKeys(shared) });
    await trial.thread.start();
    await decide(trial.decider, trial.thread);
    return { ...trial, path, shared, keyId: listed[0]!.id };
  }

  test("revoked: no effect, a person is asked again, and what the new key signs runs once", async () => {
    const { thread, host, decider, made, path, keyId } = await approved();
    await revokeKey(path, keyId);
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await refusals(host)).toEqual([expect.stringContaining(`${keyId}, which was revoked`)]);
    expect((await thread.asked()).round).toBe(2);
    const { decisions } = await decide(decider, thread);
    expect(decisions.at(-1)!.signatures[0]!.keyid).not.toBe(keyId);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana" });
  });

  test("not in use yet by a clock that is behind: refused where it is decided, and nothing is recorded", async () => {
    const path = join(folder, `keys-${(nth += 1)}`);
    await generateKeys(path);
    const clock = manualClock(new Date(Date.now() - 3_600_000).toISOString());
    const { thread, decider, made } = signedGate({ keys: await loadKeys(path), clock });
    await thread.start();
    await expect(decide(decider, thread)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("This machine's clock is behind"),
    });
    expect((await theCase(decider)).decisions).toEqual([]);
    // Some minutes are no matter: hosts take them for clocks that are apart.
    await clock.advance(3_600_000 - 240_000);
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });

  test("rotated: what the old key signed still runs", async () => {
    const { thread, made, path } = await approved();
    await rotateKeys(path);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });

  test("gone: an error that says so, no effect, nothing void; back again: it runs", async () => {
    const { thread, host, made, shared } = await approved();
    const text = await readFile(shared, "utf8");
    for (const [spoil, code] of [
      [() => unlink(shared), "keys_unreadable"],
      [() => writeFile(shared, "damaged"), "keys_invalid"],
    ] as const) {
      await spoil();
      await expect(thread.answer("go on")).rejects.toMatchObject({ code });
      await expect(thread.goOn()).rejects.toMatchObject({ code });
      expect(made).toEqual([]);
      expect((await theCase(host)).permit).toMatchObject({ state: "issued", round: 1 });
    }
    await writeFile(shared, text);
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });
});

describe("a host without keys", () => {
  const { pay } = payments();
  const durable = (): ReturnType<typeof memoryLedger> => alteredLedger(memoryLedger(), () => {}, { durable: true });
  const setUp = { actions: [pay], policy: askAlways };

  test.each([undefined, null])("in verified trust, with a ledger that lasts (keys: %s): refused at start", (keys) => {
    const given = keys === undefined ? {} : { keys };
    for (const trust of [{}, { trust: "verified" as const }]) {
      expect(() => createAssent({ ...setUp, ...trust, ...given, ledger: durable() })).toThrow(
        expect.objectContaining({ code: "keys_missing", fix: expect.stringContaining("assent keys generate") }),
      );
    }
  });

  test("has a key of its own process where the ledger lives in this process too, else none", async () => {
    const own = createAssent({ ...setUp, ledger: memoryLedger() });
    const other = createAssent({ ...setUp, ledger: memoryLedger() });
    expect(own.keys).not.toBeNull();
    expect(own.keys).toBe(other.keys);
    expect(createAssent({ ...setUp, trust: "open", ledger: durable() }).keys).toBeNull();
  });

  test("in open trust: it neither runs nor loses what was proposed in verified trust", async () => {
    const { thread, host, decider, made, anotherHost } = signedGate({ ledger: durable() });
    await thread.start();
    await decide(decider, thread);
    const open = anotherHost({ trust: "open", keys: null });
    for (const goOn of [() => open.answer("approve"), () => open.goOn(), () => open.goOn()]) {
      await expect(goOn()).rejects.toMatchObject({
        code: "keys_missing",
        message: expect.stringContaining("no keys to check decisions with"),
      });
    }
    expect(made).toEqual([]);
    expect((await theCase(host)).permit).toMatchObject({ state: "issued", round: 1 });
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", unverified: false });
  });

  test("in open trust: what was proposed there is decided unsigned, and runs", async () => {
    const { thread, host, made } = signedGate({ ledger: durable(), trust: "open", hostKeys: null });
    await thread.start();
    await thread.answer({ type: "approve", as: "ceo" });
    expect(made).toHaveLength(1);
    expect((await theCase(host)).decisions).toMatchObject([{ signatures: [], by: { level: "unverified" } }]);
    expect(await thread.outcome()).toMatchObject({ unverified: true });
  });
});

describe("a policy that changes between decision and claim", () => {
  async function approvedUnder(then: ReturnType<typeof policy>) {
    const changeable = changeablePolicy(askAlways);
    const trial = signedGate({ policy: changeable });
    await trial.thread.start();
    await decide(trial.decider, trial.thread);
    changeable.become(then);
    await trial.thread.answer("go on");
    return trial;
  }

  test.each([
    ["block", "blocked"],
    ["suggest", "suggested"],
  ] as const)("to %s: no effect, whatever was signed", async (route, status) => {
    const { thread, host, made } = await approvedUnder(policy({ default: { route } }));
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status });
    expect(await refusals(host)).toEqual([expect.stringMatching(/policy now says otherwise: .+/)]);
    expect(await thread.finished()).toBe(true);
  });

  test.each(["execute", "flag", "review"] as const)("to %s: what a person approved runs", async (route) => {
    const { thread, made } = await approvedUnder(policy({ default: { route } }));
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: ana.name });
  });
});

describe("rows that are exchanged between the check and the claim", () => {
  async function exchanging(idempotent: boolean) {
    const clock = hurriedClock();
    let isExchanged = true;
    const ledger = alteredLedger(memoryLedger({ clock }), (held, call) => {
      if (call === "claim" && isExchanged) held.round.args = others;
    });
    const trial = signedGate({ ledger, clock, idempotent });
    await trial.thread.start();
    await decide(trial.decider, trial.thread);
    await expect(trial.thread.answer("go on")).rejects.toMatchObject({
      code: "permit_mismatch",
      message: expect.stringMatching(/altered between the check of its decisions and the claim/),
      where: expect.stringMatching(/^proposal .+, round 1$/),
    });
    expect(trial.made).toEqual([]);
    return { ...trial, restore: () => void (isExchanged = false) };
  }

  test("no effect; it runs once the rows are what was checked and the claim has run out", async () => {
    const { thread, made, restore } = await exchanging(true);
    await expect(thread.goOn()).rejects.toMatchObject({ code: "permit_mismatch" });
    expect(made).toEqual([]);
    restore();
    await thread.goOn();
    expect(made).toMatchObject([{ args: bo }]);
  });

  test("no effect, and no second try of what may not be repeated", async () => {
    const { thread, made, restore } = await exchanging(false);
    restore();
    await thread.goOn();
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "in-doubt" });
  });
});
