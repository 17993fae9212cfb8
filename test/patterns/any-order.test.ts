import fc from "fast-check";
import { expect, test } from "vitest";
import { AssentError, memoryLedger, type Ledger, type Outcome } from "assent";
import { byAmount, gated } from "../support/payments.js";
import { hurriedClock } from "../support/hurried-clock.js";
import type { Thread } from "../support/thread.js";

/** One thing that somebody does to a thread. */
type Step =
  | { does: "start" | "goOn" }
  | { does: "answer"; answer: unknown; named: boolean }
  | { does: "fork"; back: number; forging: "nothing" | "outcomes" }
  | { does: "fail"; calls: number; after: boolean };

const answer = fc.constantFrom<unknown>(
  "approve",
  "reject",
  "perhaps",
  { type: "modify", args: { to: "cy", cents: 700 } },
  { type: "modify", args: { to: "cy", cents: 70_000 } },
  { type: "modify", args: { to: "cy" } },
  [{ type: "accept", args: null }],
);
const forging = fc.constantFrom("nothing", "outcomes");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ does: "start" } as const) },
  { weight: 2, arbitrary: fc.constant({ does: "goOn" } as const) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("answer" as const), answer, named: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("fork" as const), back: fc.nat(6), forging }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("fail" as const), calls: fc.nat(9), after: fc.boolean() }) },
);

/** A ledger that can be told to fail one of its next calls. */
function moodyLedger(): { ledger: Ledger; failIn: (calls: number, after: boolean) => void } {
  const store = memoryLedger();
  let left = -1;
  let lateFailure = false;
  const ledger = new Proxy(store, {
    get(target, name: keyof Ledger) {
      const member: unknown = target[name];
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const fails = left === 0;
        left -= 1;
        if (!fails) return Reflect.apply(member, target, args);
        if (lateFailure) await Reflect.apply(member, target, args);
        throw new AssentError("ledger_unavailable", { what: `${name} failed` });
      };
    },
  });
  return {
    ledger,
    failIn(calls, after) {
      left = calls;
      lateFailure = after;
    },
  };
}

/** What a client would write to make the graph believe that all is done. */
function forgedOutcomes(proposals: readonly string[] = []): Record<string, Outcome> {
  const forge = (proposalId: string): Outcome => ({
    proposalId,
    action: "pay",
    auditId: "au_forged",
    at: "2026-01-01T00:00:00.000Z",
    decidedBy: "ceo",
    unverified: false,
    replayed: false,
    status: "executed",
    result: "paid",
    flagged: false,
  });
  return Object.fromEntries(proposals.map((id) => [id, forge(id)]));
}

async function take(trial: ReturnType<typeof gated>, step: Exclude<Step, { does: "fail" }>): Promise<void> {
  const { thread, graph } = trial;
  switch (step.does) {
    case "start":
      await thread.start();
      return;
    case "goOn":
      await thread.goOn();
      return;
    case "answer": {
      const [first] = await thread.pending();
      const about = step.named && first !== undefined ? { review: first.value.review } : {};
      await thread.answer(
        typeof step.answer === "object" && !Array.isArray(step.answer) ? { ...step.answer, ...about } : step.answer,
      );
      return;
    }
    case "fork": {
      const history = await thread.history();
      const to = history[Math.min(step.back, history.length - 1)]!;
      const forged = { proposals: ["pr_forged"], outcomes: forgedOutcomes(to.values.proposals) };
      if (step.forging === "nothing" || to.next.length === 0) await thread.goOn(to.config);
      // LangGraph cannot write at every checkpoint; then nothing was forged.
      else await graph.updateState(to.config, forged).catch(() => null);
      return;
    }
    default:
      step satisfies never;
  }
}

/** Brings a thread to its end, whatever happened to it: it is never beyond help. Gives how many answers that took. */
async function bringHome(thread: Thread): Promise<number> {
  let answers = 0;
  for (let tries = 0; tries < 20; tries += 1) {
    const [first] = await thread.pending();
    if (first !== undefined) {
      answers += 1;
      await thread.answer({ [first.id]: { type: "reject", review: first.value.review } });
    } else if (await thread.finished()) return answers;
    else await thread.goOn();
  }
  throw new Error("the thread does not come home");
}

test("whatever is done to a thread, in any order: one effect per permit, and the thread can be brought home", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const { ledger, failIn } = moodyLedger();
      const proposals = [[{ to: "bo", cents: 500 }], [{ to: "di", cents: 5_000 }]] as const;
      const trial = gated({ ledger, clock: hurriedClock(), policy: byAmount, proposals, idempotent: false });
      const { thread, made } = trial;
      await thread.start();
      for (const each of steps) {
        if (each.does === "fail") failIn(each.calls, each.after);
        else await take(trial, each).catch((error: unknown) => expect(error).toMatchObject({ retryable: true }));
      }
      failIn(-1, false);
      const answers = steps.filter(({ does }) => does === "answer").length + (await bringHome(thread));

      const cases = await ledger.cases({ afterId: "", limit: 100 });
      for (const { idempotencyKey, args } of made) {
        const owning = cases.filter(({ permit }) => permit?.id === idempotencyKey);
        expect(owning).toHaveLength(1);
        expect(owning[0]).toMatchObject({ round: { args }, permit: { state: "spent" } });
        expect(["executed", "in-doubt"]).toContain(owning[0]?.outcome?.status);
      }
      expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(made.length);
      expect(cases.filter(({ outcome }) => outcome?.status === "executed").length).toBeLessThanOrEqual(made.length);
      expect(cases.flatMap(({ decisions }) => decisions).length).toBeLessThanOrEqual(answers);
      for (const { args } of made) expect(args.cents).toBeLessThanOrEqual(10_000);
      // What a client wrote last into a thread that has ended stands there; nobody acts on it.
      if (steps.some((each) => each.does === "fork" && each.forging === "outcomes")) return;
      const known = (await thread.state()).values.outcomes as Record<string, { status: string }>;
      for (const { proposal, outcome } of cases) {
        if (outcome !== null && proposal.id in known) expect(known[proposal.id]?.status).toBe(outcome.status);
      }
    }),
    { numRuns: 30 },
  );
});
