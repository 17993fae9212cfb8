import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AssentError, memoryLedger, policy, type Clock, type Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { manualClock } from "assent/testing";
import { failingLedger } from "../support/failing-ledger.js";
import { gated } from "../support/payments.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { Thread } from "../support/thread.js";

/** At most 10,000 USD per customer and day without a person. */
const limited = policy({
  facts: { customer: { type: "string" } },
  rules: [
    {
      id: "splitting",
      when: { cumulative: { of: "amount", per: "customer", over: "P1D", gt: "10000 USD" } },
      route: "review",
    },
  ],
  default: { route: "execute" },
});
const LIMIT_CENTS = 1_000_000;
const name = limited.history[0]!.name;

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8 });
});
afterAll(() => fresh.close());

/** Customers of whom no ledger has heard. */
let customers = 0;
const anybody = (): string => `c-${(customers += 1)}`;

const ledgers: Record<string, (clock?: Clock) => Ledger> = {
  memory: (clock) => memoryLedger(clock && { clock }),
  Postgres: (clock) => postgresLedger({ pool: fresh.pool, schema: fresh.schema, ...(clock && { clock }) }),
};

function paying(ledger: Ledger, customer: string, { cents = 999_900, clock }: { cents?: number; clock?: Clock } = {}) {
  const proposals = [[{ to: "bo", cents }, { facts: { customer } }]] as const;
  const { graph, made, assent } = gated({ ledger, policy: limited, proposals, ...(clock && { clock }) });
  return { made, assent, another: () => new Thread(graph) };
}

/** A ledger on which everybody waits at one call until `count` have arrived there. */
function meetingAt(ledger: Ledger, method: keyof Ledger, count: number): Ledger {
  let arrived = 0;
  let open: () => void;
  const all = new Promise<void>((resolve) => (open = resolve));
  return new Proxy(ledger, {
    get(target, key: keyof Ledger) {
      const member: unknown = target[key];
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(member, target, args);
        if (key !== method) return answer;
        arrived += 1;
        if (arrived >= count) open();
        await all;
        return answer;
      };
    },
  });
}

const total = (made: readonly { args: { cents: number } }[]): number =>
  made.reduce((sum, { args }) => sum + args.cents, 0);

describe.each(Object.keys(ledgers))("a limit on what payments add up to, in %s", (kind) => {
  test("lets the first of three through, and asks a person about the others", async () => {
    const { made, assent, another } = paying(ledgers[kind]!(), anybody());
    const [first, second, third] = [another(), another(), another()];
    await first.start();
    await second.start();
    await third.start();
    expect(made).toHaveLength(1);
    expect(await first.outcome()).toMatchObject({ status: "executed" });
    for (const thread of [second, third]) {
      const { proposal } = await thread.asked();
      const { routing } = (await assent.ledger.read(proposal))!.round;
      expect(routing).toMatchObject({ route: "review", rules: ["splitting"], history: { [name]: 9_999 } });
    }
  });

  test("counts what a person let through, and no other customer's payments", async () => {
    const ledger = ledgers[kind]!();
    const customer = anybody();
    const large = paying(ledger, customer, { cents: 1_500_000 }).another();
    await large.start();
    await large.answer("approve");
    expect(await large.outcome()).toMatchObject({ status: "executed" });
    const same = paying(ledger, customer, { cents: 1 });
    const asked = same.another();
    await asked.start();
    expect((await asked.asked()).args).toEqual({ to: "bo", cents: 1 });
    const other = paying(ledger, anybody());
    await other.another().start();
    expect([same.made.length, other.made.length]).toEqual([0, 1]);
  });

  test("forgets what is older than its window, by the ledger's clock", async () => {
    const clock = manualClock();
    const { made, another } = paying(ledgers[kind]!(clock), anybody(), { clock });
    await another().start();
    await clock.advance(86_399_000);
    await another().start();
    expect(made).toHaveLength(1);
    await clock.advance(1_000);
    await another().start();
    expect(made).toHaveLength(2);
  });

  test.each(["history", "route", "claim"] as const)(
    "holds when three are at %s at the same time: never more than one runs",
    async (method) => {
      const customer = anybody();
      const ledger = ledgers[kind]!();
      // Of those that may be permitted together only one gets as far as the claim, so nobody else can be waited for.
      const met = method === "claim" ? ledger : meetingAt(ledger, method, 3);
      const { made, another } = paying(met, customer);
      const threads = [another(), another(), another()];
      await Promise.all(threads.map((thread) => thread.start()));
      expect(total(made)).toBeLessThanOrEqual(LIMIT_CENTS);
      const states = await Promise.all(
        threads.map(async (thread) => ((await thread.finished()) ? "done" : (await thread.asked(), "asked"))),
      );
      expect(states.filter((state) => state === "done")).toHaveLength(made.length);
    },
  );

  test("two that were permitted at the same time cannot both be claimed, whoever is first", async () => {
    const ledger = ledgers[kind]!();
    const { made, another } = paying(meetingAt(ledger, "route", 2), anybody());
    const [one, two] = [another(), another()];
    await Promise.all([one.start(), two.start()]);
    // Whoever saw the other's permit is asked about, and does not ask the policy again and again.
    expect(total(made)).toBeLessThanOrEqual(LIMIT_CENTS);
    const rest = await Promise.all([one, two].map(async (thread) => (await thread.pending()).length));
    expect(made.length + rest.reduce((sum, count) => sum + count, 0)).toBe(2);
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 10_000 });
    expect(rows.filter((row) => row.kind === "refused").length).toBeGreaterThan(0);
  });

  test("binds a modification too: it is routed with what came before", async () => {
    const customer = anybody();
    const { assent, another } = paying(ledgers[kind]!(), customer);
    await another().start();
    const [small, large] = [another(), another()];
    for (const [thread, cents] of [
      [small, 100],
      [large, 101],
    ] as const) {
      await thread.start();
      const { proposal } = await thread.asked();
      await thread.answer({ type: "modify", args: { to: "bo", cents } });
      const { routing } = (await assent.ledger.read(proposal))!.round;
      const before = cents === 100 ? 9_999 : 10_000;
      expect(routing).toMatchObject({ route: cents === 100 ? "execute" : "review", history: { [name]: before } });
    }
  });
});

describe("any order in which three hosts get their answers", () => {
  test("never lets them together past the limit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const ledger = memoryLedger();
        const scheduled = new Proxy(ledger, {
          get(target, key: keyof Ledger) {
            const member: unknown = target[key];
            if (typeof member !== "function" || !["history", "route", "claim", "reroute", "settle"].includes(key)) {
              return typeof member === "function" ? (member.bind(target) as unknown) : member;
            }
            return async (...args: unknown[]): Promise<unknown> => {
              await scheduler.schedule(Promise.resolve(), `ask ${key}`);
              const answer: unknown = await Reflect.apply(member, target, args);
              await scheduler.schedule(Promise.resolve(), `answer ${key}`);
              return answer;
            };
          },
        });
        const { made, another } = paying(scheduled, "c-1");
        const threads = [another(), another(), another()];
        await scheduler.waitFor(Promise.all(threads.map((thread) => thread.start())));
        expect(total(made)).toBeLessThanOrEqual(LIMIT_CENTS);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a ledger that cannot tell what came before", () => {
  test.each([1, 2])("lets nothing run (answer %i is lost), and the thread goes on later", async (nth) => {
    const ledger = memoryLedger();
    let asked = 0;
    const forgetful = new Proxy(ledger, {
      get(target, key: keyof Ledger) {
        const member: unknown = target[key];
        if (key !== "history") return typeof member === "function" ? (member.bind(target) as unknown) : member;
        return async (...args: Parameters<Ledger["history"]>) => {
          asked += 1;
          if (asked === nth) throw new AssentError("ledger_unavailable", { what: "gone" });
          return target.history(...args);
        };
      },
    });
    const { made, another } = paying(forgetful, "c-1");
    const thread = another();
    await expect(thread.start()).rejects.toMatchObject({ code: "ledger_unavailable" });
    expect(made).toEqual([]);
    await thread.goOn();
    expect(made).toHaveLength(1);
  });

  test("keeps an open answer that modifies until it can be routed", async () => {
    const ledger = memoryLedger();
    const first = paying(ledger, "c-1");
    await first.another().start();
    let away = false;
    const forgetful = new Proxy(ledger, {
      get(target, key: keyof Ledger) {
        const member: unknown = target[key];
        if (key === "history" && away)
          return async () => Promise.reject(new AssentError("ledger_unavailable", { what: "gone" }));
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    const { made, another } = paying(forgetful, "c-1");
    const thread = another();
    await thread.start();
    away = true;
    const answer = { type: "modify", args: { to: "bo", cents: 100 } };
    await expect(thread.answer(answer)).rejects.toMatchObject({ code: "ledger_unavailable" });
    away = false;
    await thread.goOn();
    expect(made).toMatchObject([{ args: { cents: 100 } }]);
  });

  test("a policy that asks for nothing never asks it", async () => {
    const ledger = failingLedger(memoryLedger(), 0, "nothing persisted", 0);
    const { thread } = gated({ ledger, policy: policy({ default: { route: "execute" } }) });
    await thread.start();
    expect(ledger.calls).not.toContain("history");
  });
});
