import * as fc from "fast-check";
import { rollingAccuracy } from "../../src/autonomy/stage-rule.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import type { Case } from "../../src/model/case.js";
import { APPROVAL_VERDICTS } from "../../src/model/decision.js";
import { ROUTES } from "../../src/model/routing.js";
import { AssentError } from "../../src/model/error.js";
import {
  askRequest,
  claimRequest,
  decideRequest,
  draft,
  followUpRequest,
  moment,
  reviewer,
  routeRequest,
  settleRequest,
} from "../../src/testing/ledger-contract/specimens.js";

/** One call on a ledger, decided on before it is known what the ledger holds. */
export interface Operation {
  name: keyof typeof OPERATIONS | "next";
  /** Which of the few proposals it is about. */
  key: string;
  /** Chooses among the variants of the call. */
  pick: number;
  /** How many states of the case ago the caller last looked. */
  staleness: number;
}

const EACH_CASE = rollingAccuracy({ window: 1, judgedOver: 0 });

type Call = (ledger: Ledger) => Promise<unknown>;

// Most routes lead on to somewhere, so that sequences do not end too soon.
const LIKELY_ROUTES = [...ROUTES, "execute", "execute", "flag", "review", "review", "review"] as const;

/** What an operation calls, given what its caller has seen of the case (null: nothing) and the time. */
const OPERATIONS = {
  propose: ({ key, pick }, _seen: Case | null, now, threadId) => {
    const args = { n: pick % 3, text: pick % 5 === 0 ? "\0 “é”" : "x" };
    const made = draft({
      key,
      threadId,
      action: pick % 4 === 0 ? "transfer" : "refund",
      args,
      proposedAt: moment(now),
    });
    return (ledger) => ledger.propose(made);
  },
  take: ({ pick }, { proposal }) => {
    const gate = pick % 3 === 0 ? "other" : "gate";
    const request = { threadId: proposal.threadId, gate, ids: [proposal.id, "pr_nothing"] };
    return (ledger) => ledger.take(pick % 5 === 0 ? { ...request, action: "refund" } : request);
  },
  route: ({ pick }, seen, now) => {
    const request = { ...routeRequest(seen, LIKELY_ROUTES[pick % LIKELY_ROUTES.length] ?? "review"), at: moment(now) };
    return (ledger) => ledger.route(request);
  },
  reroute: (_operation, { proposal }, now) => {
    const request = { proposalId: proposal.id, round: proposal.round, reason: "Changed.", at: moment(now) };
    return (ledger) => ledger.reroute(request);
  },
  ask: ({ pick }, seen, now) => {
    const request = { ...askRequest(seen, `interrupt-${pick % 3}`), at: moment(now) };
    return (ledger) => ledger.ask(request);
  },
  withdraw: ({ pick }, { review }, now) => {
    if (review === null) return null;
    const interruptId = pick % 4 === 0 ? "interrupt-0" : review.address.interruptId;
    const ageMinMs = pick % 3 === 0 ? 60_000 : 0;
    const request = { reviewId: review.id, interruptId, ageMinMs, reason: "Gone. \0", at: moment(now) };
    return (ledger) => ledger.withdraw(request);
  },
  decide: ({ pick }, seen, now) => {
    if (seen.review === null) return null;
    const verdict = APPROVAL_VERDICTS[pick % 3] ?? "approve";
    const nextRoute = ROUTES[pick % 7] ?? "review";
    const by = reviewer(pick % 2 === 0 ? "ana" : "bo", pick % 4 === 0 ? "unverified" : "system");
    const permitted = pick % 2 === 0 && nextRoute !== "suggest" && nextRoute !== "block";
    const request = decideRequest(seen, verdict, { by, nextRoute, permitted, args: { n: pick % 4 }, at: moment(now) });
    const answered = pick % 3 === 0 ? { answered: { named: pick % 2 === 0 } } : {};
    const version = pick % 7 === 0 ? { version: seen.review.version } : {};
    const staged = pick % 5 === 0 ? {} : { stageRule: EACH_CASE };
    return (ledger) => ledger.decide({ ...request, ...answered, ...version, ...staged });
  },
  refuse: ({ pick }, { proposal }) => {
    const reason = `attempt ${pick % 4} \0`;
    const request = { proposalId: proposal.id, what: "answer", reason, by: null, at: moment(pick % 4) } as const;
    return (ledger) => ledger.refuse(request);
  },
  claim: ({ pick }, seen, now) => {
    const owner = `worker-${pick % 3}`;
    const request = { ...claimRequest(seen, owner), at: moment(now), leaseMs: 5_000, takeover: pick % 2 === 0 };
    return (ledger) => ledger.claim(request);
  },
  extend: ({ pick }, { permit }) => {
    if (permit === null) return null;
    const request = { permitId: permit.id, owner: `worker-${pick % 3}`, leaseMs: 9_000 };
    return (ledger) => ledger.extend(request);
  },
  settle: ({ pick }, seen, now) => {
    const status = (["executed", "failed", "in-doubt"] as const)[pick % 3];
    const owner = pick % 4 === 3 ? null : pick % 4 === 2 ? "stranger" : (seen.permit?.owner ?? "worker-0");
    const followUps = pick % 5 === 0 ? [] : [followUpRequest(seen)];
    const request = { ...settleRequest(seen, owner, status), at: moment(now), followUps };
    return (ledger) => ledger.settle(request);
  },
  followUp: ({ pick }, seen) => {
    const request = followUpRequest(seen, pick % 2 === 0 ? {} : { withinMs: 5_000, otherwise: "reject" });
    return (ledger) => ledger.followUp(request);
  },
  deliver:
    (_operation, { proposal }) =>
    (ledger) =>
      ledger.delivered(proposal.threadId),
} satisfies Record<string, (operation: Operation, seen: Case, now: number, threadId: string) => Call | null>;

/** Any operation on one of two proposals. */
export const anyOperation: fc.Arbitrary<Operation> = fc.record({
  name: fc.oneof(
    { weight: 1, arbitrary: fc.constant("next" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[])) },
  ),
  key: fc.constantFrom("a", "b"),
  pick: fc.nat({ max: 419 }),
  staleness: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 3 }) }),
});

/** What the callers of one thread know: the states in which they have seen its cases. */
export class Callers {
  readonly threadId: string;
  readonly #seen = new Map<string, Case[]>();

  constructor(threadId: string) {
    this.threadId = threadId;
  }

  /** The id of the proposal that a key stands for. */
  proposalId(key: string): string {
    return draft({ key, threadId: this.threadId }).proposal.id;
  }

  /** Notes the state of a case. */
  saw(key: string, held: Case | null): void {
    if (held !== null) this.#seen.set(key, [...(this.#seen.get(key) ?? []), held]);
  }

  /** The call that an operation makes now; null where its caller has nothing to call about. */
  call(operation: Operation, now: number): Call | null {
    const states = this.#seen.get(operation.key) ?? [];
    const seen = states.at(-1 - operation.staleness) ?? states.at(0);
    if (seen === undefined) return operation.name === "propose" ? this.#propose(operation, now) : null;
    const name = operation.name === "next" ? nextOf(seen) : operation.name;
    const build = OPERATIONS[name];
    return build(operation, seen, now, this.threadId);
  }

  #propose(operation: Operation, now: number): Call {
    return OPERATIONS.propose(operation, null, now, this.threadId);
  }
}

/** What a well-behaved caller does next, so that sequences get somewhere. */
function nextOf({ proposal, round, review, permit }: Case): keyof typeof OPERATIONS {
  if (proposal.gate === null) return "take";
  if (round.routing === null) return "route";
  if (permit !== null) return permit.state === "issued" ? "claim" : "settle";
  return review?.status === "open" ? "decide" : "ask";
}

/** What a call answers, or the code of the error that it throws. */
export async function answerOf(call: Call, ledger: Ledger): Promise<unknown> {
  try {
    return await call(ledger);
  } catch (error) {
    if (AssentError.isInstance(error)) return { throws: error.code };
    throw error;
  }
}
