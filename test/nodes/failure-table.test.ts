import { describe, expect, test } from "vitest";
import { AssentError, memoryLedger, type Ledger } from "assent";
import { testAuthenticator } from "assent/testing";
import { failingLedger, type Loss } from "../support/failing-ledger.js";
import { hurriedClock } from "../support/hurried-clock.js";
import { askAlways, executeAlways, gated, type GatedOptions } from "../support/payments.js";
import type { Thread } from "../support/thread.js";

/** How a thread is brought on after a run of it failed. */
type Recovery = "invoke(null)" | "the answer again";

/** A whole life of one proposal, with exactly one call of the ledger failing on the way. */
interface Scenario {
  options: GatedOptions;
  /** What is typed into the resume; none where nobody is asked. */
  answer?: unknown;
  /** In verified trust: what a person says in the ledger before the thread is nudged. */
  decide?: (trial: ReturnType<typeof gated>, review: string) => Promise<void>;
  ran: unknown[];
  status: string;
}

const ana = testAuthenticator();
const asked = { to: "bo", cents: 500 };
const changed = { to: "cy", cents: 700 };

const scenarios: Record<string, Scenario> = {
  "executed at once": { options: { policy: executeAlways }, ran: [asked], status: "executed" },
  "approved in open trust": { options: { policy: askAlways }, answer: "approve", ran: [asked], status: "executed" },
  "changed in open trust": {
    options: { policy: askAlways },
    answer: { type: "modify", args: changed },
    ran: [changed],
    status: "executed",
  },
  "rejected in open trust": { options: { policy: askAlways }, answer: "reject", ran: [], status: "rejected" },
  "asked again in open trust, then approved": {
    options: { policy: askAlways },
    answer: "approve",
    ran: [asked],
    status: "executed",
  },
  "approved in verified trust": {
    options: { policy: askAlways, trust: "verified", authenticators: [ana] },
    answer: "go on",
    decide: async ({ assent }, review) => {
      const { digest } = (await assent.reviews.get(review)).review;
      const by = await ana.authenticate({ id: "ana" });
      await assent.reviews.decide(review, { by, decision: "approve", digest });
    },
    ran: [asked],
    status: "executed",
  },
};

// One time for workers and ledgers, on which every wait is over at once.
const clock = hurriedClock();

/** Tries until it works, as often as it takes while calls fail; each time the error says that one may. */
async function trying<T>(first: () => Promise<T>, again: () => Promise<T> = first): Promise<T> {
  let attempt = first;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: "ledger_unavailable", retryable: true });
      expect(tries).toBeLessThan(8);
      attempt = again;
    }
  }
}

async function live(name: string, scenario: Scenario, ledger: Ledger, idempotent: boolean, recovery: Recovery) {
  const trial = gated({ clock, ...scenario.options, ledger, idempotent });
  const { thread } = trial;
  await trying(
    () => thread.start(),
    () => thread.goOn(),
  );
  if (scenario.answer !== undefined) {
    if (name.startsWith("asked again")) await resume(thread, "perhaps", recovery);
    const { review } = await thread.asked();
    if (scenario.decide !== undefined) await trying(() => scenario.decide!(trial, review));
    await resume(thread, scenario.answer, recovery);
  }
  return trial;
}

function resume(thread: Thread, answer: unknown, recovery: Recovery) {
  return trying(
    () => thread.answer(answer),
    () => (recovery === "invoke(null)" ? thread.goOn() : thread.answer(answer)),
  );
}

describe.each(["nothing persisted", "answer lost"] satisfies Loss[])("a call of the ledger fails, %s", (loss) => {
  describe.each(["invoke(null)", "the answer again"] satisfies Recovery[])(
    "and the thread goes on by %s",
    (recovery) => {
      const every = Object.entries(scenarios).filter(
        ([name]) => recovery === "invoke(null)" || name === "approved in open trust",
      );
      test.each(every)("%s: whichever call it was, the case ends right and once", async (name, scenario) => {
        const expected = await auditOf(await undisturbed(name, scenario));
        const failed = new Set<string>();
        for (let failAt = 1; ; failAt += 1) {
          const store = memoryLedger({ clock });
          const ledger = failingLedger(store, failAt, loss);
          const { thread, made, assent } = await live(name, scenario, ledger, true, recovery);
          if (ledger.calls.length < failAt) break;
          const place = `call ${failAt}, ${ledger.calls[failAt - 1]}`;
          failed.add(ledger.calls[failAt - 1]!);

          expect(await thread.finished(), place).toBe(true);
          // An idempotent action may be called twice, with one key: that is one effect.
          const effects = new Map(made.map(({ idempotencyKey, args }) => [idempotencyKey, args]));
          expect([...effects.values()], place).toEqual(scenario.ran);
          const outcome = await thread.outcome();
          expect(outcome.status, place).toBe(scenario.status);
          const held = await assent.ledger.read(outcome.proposalId);
          expect(held?.decisions, place).toHaveLength(scenario.answer === undefined ? 0 : 1);
          expect(held?.outcome, place).toMatchObject({ ...outcome, replayed: false });
          expect(await auditOf(store), place).toEqual(expected);
        }
        expect(failed.has("propose") && failed.has("take") && failed.has("route")).toBe(true);
        expect(failed.has("decide")).toBe(scenario.answer !== undefined);
        expect(failed.has("settle")).toBe(scenario.ran.length > 0);
      });

      if (recovery !== "invoke(null)") return;

      const approval = scenarios["approved in open trust"]!;

      test("not idempotent: one failing call, whichever it was, leaves no doubt; it runs once", async () => {
        for (let failAt = 1; ; failAt += 1) {
          const ledger = failingLedger(memoryLedger({ clock }), failAt, loss);
          const { thread, made } = await live("approved", approval, ledger, false, recovery);
          if (ledger.calls.length < failAt) break;
          const place = `call ${failAt}, ${ledger.calls[failAt - 1]}`;
          expect(await thread.finished(), place).toBe(true);
          expect((await thread.outcome()).status, place).toBe("executed");
          expect(made, place).toHaveLength(1);
        }
      });

      test("not idempotent, and the ledger stays away: it never runs twice, and nobody claims to know more", async () => {
        for (let failAt = 1; ; failAt += 1) {
          const ledger = failingLedger(memoryLedger({ clock }), failAt, loss, 6);
          const { thread, made } = await live("approved", approval, ledger, false, recovery);
          if (ledger.calls.length < failAt) break;
          const place = `calls from ${failAt}, ${ledger.calls[failAt - 1]}`;
          expect(await thread.finished(), place).toBe(true);
          const { status } = await thread.outcome();
          if (status === "executed") expect(made, place).toHaveLength(1);
          else expect(status, place).toBe("in-doubt");
          expect(made.length, place).toBeLessThanOrEqual(1);
        }
      });
    },
  );
});

/** The kinds of audit rows without repetition: how often a step was tried differs, what happened does not. */
async function auditOf(ledger: Ledger): Promise<Set<string>> {
  return new Set((await ledger.auditRows({ afterSeq: 0, limit: 100 })).map(({ kind }) => kind));
}

async function undisturbed(name: string, scenario: Scenario): Promise<Ledger> {
  const store = memoryLedger({ clock });
  await live(name, scenario, store, true, "invoke(null)");
  return store;
}

describe("an answer to a pause that was never recorded decides nothing, for nobody can have been shown it", () => {
  test("whichever call had failed before", async () => {
    for (let failAt = 1; ; failAt += 1) {
      const ledger = failingLedger(memoryLedger({ clock }), failAt, "nothing persisted");
      const { thread, made } = gated({ ledger });
      const shown = await thread.start().then(
        () => true,
        () => false,
      );
      if (ledger.calls.length < failAt) break;
      if (shown) continue;
      await thread.answer("approve");
      expect(made, `call ${failAt}`).toEqual([]);
      expect((await thread.asked()).reason ?? "not recorded", `call ${failAt}`).toMatch(/not.*recorded/);
    }
  });

  test("also where an earlier pause of the same review was recorded", async () => {
    const ledger = memoryLedger({ clock });
    const ask = ledger.ask.bind(ledger);
    let asks = 0;
    ledger.ask = (request) => {
      asks += 1;
      return asks === 2 ? Promise.reject(new AssentError("ledger_unavailable", { what: "down" })) : ask(request);
    };
    const { thread, made } = gated({ ledger });
    await thread.start();
    await expect(thread.answer("perhaps")).rejects.toThrow(/down/);
    await thread.answer("approve");
    expect(made).toEqual([]);
    const { review, reason } = await thread.asked();
    expect(reason).toMatch(/not been recorded/);
    await thread.answer({ type: "approve", review });
    expect(made).toHaveLength(1);
  });
});
