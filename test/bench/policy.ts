import type { PolicyInput } from "../../src/model/facts.js";
import { parsePolicy } from "../../src/policy/parse.js";
import type { Policy } from "../../src/policy/policy.js";

// Short batches, so that on a busy machine most of them run through undisturbed.
const BATCHES = 3000;
const BATCH = 21;

/** How long one decision takes with a hundred rules that all look at the proposal, its facts at hand. */
export function benchPolicy(): Record<string, Record<string, number>> {
  const loaded = hundredRules();
  const inputs = proposals(loaded);
  return { rules100: measured(loaded, inputs) };
}

function measured({ evaluate }: Policy, inputs: readonly PolicyInput[]): Record<string, number> {
  const times: number[] = [];
  let seen = 0;
  for (let batch = -BATCHES / 4; batch < BATCHES; batch += 1) {
    const start = performance.now();
    for (let i = 0; i < BATCH; i += 1) {
      const input = inputs[i % inputs.length];
      if (input !== undefined) seen += evaluate(input).rules.length;
    }
    // The first batches warm the compiler up.
    if (batch >= 0) times.push(((performance.now() - start) * 1000) / BATCH);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(2));
  return {
    medianUs: at(0.5),
    p95Us: at(0.95),
    matchesPerDecision: Number((seen / (BATCH * BATCHES * 1.25)).toFixed(2)),
  };
}

/** A hundred rules of every kind, none of them for another action. */
function hundredRules(): Policy {
  const rules = Array.from({ length: 10 }, (_, i) => rulesOfDesk(i)).flat();
  return parsePolicy(`
facts: { customer: { type: string }, fraudScore: { type: number, min: 0, max: 1, risk: up } }
rules:
${rules.map((rule) => `  - ${rule}`).join("\n")}
default: { route: review, review: { by: [ { role: reviewer } ], within: PT24H } }
sample: { executed: 0.02 }
timeZone: Europe/Berlin
`);
}

function rulesOfDesk(i: number): string[] {
  return [
    `{ id: small-${i}, when: { all: [ { amount: { lte: ${50 - i} USD } }, { confidence: { gt: 0.9 } } ] }, route: execute }`,
    `{ id: middle-${i}, when: { amount: { lte: ${60 - i} USD }, confidence: { gte: 0.7 } }, route: flag }`,
    `{ id: unsure-${i}, when: { confidence: { lt: ${(0.6 - i / 100).toFixed(2)} } }, route: review, review: { by: [ { role: lead } ], within: PT${i + 1}H } }`,
    `{ id: large-${i}, when: { amount: { gt: ${10_000 + i} USD } }, route: review, review: { by: [ { role: manager } ], quorum: two-person } }`,
    `{ id: split-${i}, when: { cumulative: { of: amount, per: customer, over: P${1 + (i % 2)}D, gt: ${10_000 + i} USD } }, route: review }`,
    `{ id: busy-${i}, when: { rate: { per: agent, over: PT1H, gt: ${500 + i} } }, route: review }`,
    `{ id: night-${i}, when: { time: { hour: { lt: ${i % 5} } }, amount: { gt: ${40 + i} USD } }, route: review }`,
    `{ id: tagged-${i}, when: { tags: { hasAny: [ gdpr-${i}, sox ] } }, route: clarify }`,
    `{ id: barred-${i}, when: { customer: { in: [ c-13, c-${i} ] } }, route: block }`,
    i < 2
      ? `{ id: odd-${i}, when: { cel: "fraudScore > 0.9 && hour > ${18 + i}" }, route: review }`
      : `{ id: fraud-${i}, when: { any: [ { fraudScore: { gt: 0.${i} } }, { novelty: { gte: 0.9 } } ] }, route: review }`,
  ];
}

/** Proposals that end in every way: by laxer rules, by many review rules, by the default, and without a fact. */
function proposals({ history }: Policy): PolicyInput[] {
  const past = (value: number): Record<string, number> => Object.fromEntries(history.map(({ name }) => [name, value]));
  const ask = (value: number, confidence: number, customer: string, before: number): PolicyInput => ({
    action: "refund",
    agent: "bot",
    facts: {
      amount: { value, currency: "USD" },
      confidence,
      customer,
      fraudScore: 0.1,
      novelty: 0.2,
      tags: ["new", "eu"],
    },
    at: "2025-03-30T10:30:00.000Z",
    history: past(before),
  });
  const { novelty: _novelty, ...fewer } = ask(20, 0.95, "c-100", 0).facts;
  return [
    ask(20, 0.95, "c-100", 0),
    ask(45, 0.8, "c-100", 0),
    ask(5_000, 0.8, "c-100", 100),
    ask(5_000, 0.4, "c-100", 9_000),
    ask(20_000, 0.95, "c-100", 0),
    ask(20, 0.95, "c-13", 0),
    { ...ask(20, 0.95, "c-100", 0), facts: fewer },
  ];
}
