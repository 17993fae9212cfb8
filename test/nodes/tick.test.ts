import { afterEach, describe, expect, test } from "vitest";
import { memoryLedger, policy, type Ledger, type ReviewTerms } from "assent";
import { postgresLedger } from "assent/postgres";
import { manualClock, type ManualClock } from "assent/testing";
import { freshSchema } from "../support/postgres.js";
import { changeablePolicy } from "./signed-gate.js";
import { ana, bo, dee, reviewed, waiting } from "./voting-gate.js";

const HOUR_MS = 3_600_000;

let close = async (): Promise<void> => {};
afterEach(async () => {
  await close();
  close = async () => {};
});

const ledgers: Record<string, (clock: ManualClock) => Promise<Ledger>> = {
  memory: async (clock) => memoryLedger({ clock }),
  Postgres: async (clock) => {
    const fresh = await freshSchema();
    close = fresh.close;
    return postgresLedger({ ...fresh, clock });
  },
};

describe("an answer that comes after the time, in open trust", () => {
  test.each([
    ["before the worker notices", "reject", false],
    ["once it was rejected for that", "reject", true],
    ["once it runs for that", "execute", true],
  ] as const)("is refused and recorded, once: %s", async (_when, otherwise, isNoticed) => {
    const clock = manualClock("2026-03-30T10:00:00Z");
    const ledger = memoryLedger({ clock });
    const policy = reviewed({ within: "PT1H", otherwise });
    const { assent, thread, made } = await waiting({ trust: "open", policy, clock, ledger });
    const { proposal } = await thread.asked();
    await clock.advance(HOUR_MS);
    if (isNoticed) await assent.tick();
    await thread.answer({ type: "reject", as: "ana", roles: ["manager"], message: "no" });
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 100, proposalId: proposal });
    const refused = rows.filter(({ kind }) => kind === "refused").map(({ entry }) => entry);
    expect(refused).toEqual([expect.stringContaining(`"review_expired"`)]);
    expect(refused.join()).toContain(`"ana"`);
    expect(made).toHaveLength(otherwise === "execute" ? 1 : 0);
  });

  test("is none where nobody answers, but the thread is only run on", async () => {
    const clock = manualClock("2026-03-30T10:00:00Z");
    const ledger = memoryLedger({ clock });
    const policy = reviewed({ within: "PT1H", otherwise: "reject" });
    const { assent, thread } = await waiting({ trust: "open", policy, clock, ledger });
    await clock.advance(HOUR_MS);
    await assent.tick();
    await thread.answer("decided");
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 100 });
    expect(rows.map(({ kind }) => kind)).not.toContain("refused");
  });
});

describe.each(Object.keys(ledgers))("a time-out, in %s", (name) => {
  /** Two people have an hour; one of them has approved it. */
  async function approvedByOne(terms: ReviewTerms) {
    const clock = manualClock("2026-03-30T10:00:00Z");
    const ledger = await ledgers[name]!(clock);
    const changing = changeablePolicy(reviewed({ quorum: "two-person", within: "PT1H", ...terms }));
    const trial = await waiting({ policy: changing, clock, ledger });
    const { proposal } = await trial.thread.asked();
    await trial.decide(ana);
    await clock.advance(HOUR_MS);
    await trial.assent.tick();
    const held = async () => (await ledger.read(proposal))!;
    const logged = async () =>
      (await ledger.auditRows({ afterSeq: 0, limit: 100, proposalId: proposal })).map(({ entry }) => entry);
    return { ...trial, changing, held, logged };
  }

  test("is nobody's, though somebody had approved", async () => {
    const { held, logged } = await approvedByOne({ otherwise: "reject" });
    expect((await held()).outcome).toMatchObject({ status: "expired", decidedBy: null, unverified: false });
    const end = (await logged()).slice(-2);
    expect(end).toEqual([expect.stringContaining(`"expired"`), expect.stringContaining(`"closed"`)]);
    expect(end.join()).not.toMatch(/Ana Ruiz|ana-7/);
  });

  test("that runs it is nobody's either, and what they said is kept", async () => {
    const { thread, held, made, logged } = await approvedByOne({ otherwise: "execute" });
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: null, unverified: false });
    expect(await held()).toMatchObject({
      permit: { basis: "policy" },
      outcome: { decidedBy: null },
      decisions: [{ verdict: "approve", by: { name: "Ana Ruiz" } }],
    });
    expect((await logged()).slice(-3).join()).not.toMatch(/Ana Ruiz|ana-7/);
  });

  test("whose effect the policy no longer wants ends as nobody's", async () => {
    const { thread, changing, made } = await approvedByOne({ otherwise: "execute" });
    changing.become(policy({ default: { route: "block" } }));
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "blocked", decidedBy: null });
  });

  test("that hands it on leaves it to those who decide then: the last of them is named", async () => {
    const { thread, decide, made } = await approvedByOne({
      otherwise: "escalate",
      escalateTo: [{ by: [{ role: "director" }, { person: "bo-8" }] }],
    });
    await decide(bo);
    await decide(dee);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "Dee Okafor" });
  });

  test("that did not come names who decided", async () => {
    const clock = manualClock("2026-03-30T10:00:00Z");
    const ledger = await ledgers[name]!(clock);
    const { thread, decide } = await waiting({ clock, ledger });
    await decide(ana);
    await decide(bo);
    await thread.answer("go on");
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "Bo Lind" });
  });
});

test("an unauthenticated word before a time-out stays one", async () => {
  const clock = manualClock("2026-03-30T10:00:00Z");
  const terms = { quorum: "two-person", within: "PT1H", otherwise: "reject" } as const;
  const { thread, assent } = await waiting({ policy: reviewed(terms), trust: "open", clock });
  const { proposal } = await thread.asked();
  await thread.answer({ type: "approve", as: "ana", roles: ["manager"] });
  await clock.advance(HOUR_MS);
  await assent.tick();
  const { outcome } = (await assent.ledger.read(proposal))!;
  expect(outcome).toMatchObject({ status: "expired", decidedBy: null, unverified: true });
});
