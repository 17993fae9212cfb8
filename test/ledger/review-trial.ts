import assert from "node:assert/strict";
import type { DecideRequest, Ledger } from "../../src/ledger/ledger.js";
import type { Case } from "../../src/model/case.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import {
  askRequest,
  claimRequest,
  draft,
  outcome,
  routeRequest,
  settleRequest,
} from "../../src/testing/ledger-contract/specimens.js";
import type { ManualClock } from "../../src/testing/manual-clock.js";
import { callOf, roundOf } from "./review-call.js";
import { current, ReviewModel, type ModelAnswer, type ModelCall, type ModelCase } from "./review-model.js";
import { WORDS } from "./review-rules.js";
import { ReviewInvariants } from "./review-invariants.js";
import { registration, SLOTS, type Op, type Step } from "./review-steps.js";
import { AMOUNTS, CAST, type ModelAuthority } from "./review-world.js";

/** One case, as the model and those who call have it. */
export interface Slot {
  model: ModelCase;
  /** The case as it was last seen. */
  seen: Case;
  /** Whether another draft may be asked for. */
  kind: "approval" | "refinement";
  /** The last state of each round that had a review. */
  reviewed: Map<number, Case>;
  sent: { request: DecideRequest; call: ModelCall }[];
}

const ADMIN: PrincipalRecord = { ...CAST[0]!, id: "admin", name: "ADMIN" };
const ACTIONS = ["refund", "refund", "transfer"];

/** One sequence: a ledger and the model, of which every step asks the same. */
export class Trial {
  readonly model: ReviewModel;
  readonly slots: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #ledger: Ledger;
  readonly #clock: ManualClock;
  readonly #invariants: ReviewInvariants;
  #proposed = 0;

  constructor(ledger: Ledger, clock: ManualClock, authority: ModelAuthority) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.model = new ReviewModel(authority, clock.now().getTime());
    this.#invariants = new ReviewInvariants(authority);
  }

  /** Does a step on both; fails where they disagree. Gives what came of it, in words. */
  async step(step: Step): Promise<string> {
    const slot = this.slots[step.slot];
    const op = this.#opFor(step, slot);
    const result = await this.#do(op, step, slot);
    const after = this.slots[step.slot];
    if (after !== undefined) await this.#compare(after);
    return `${op}: ${result}`;
  }

  /** Registers the usual people, so that there are seats from the start. */
  async begin(): Promise<void> {
    for (let who = 0; who < 6; who += 1) await this.#register({ who, pick: 13 } as Step);
  }

  /** What the whole log says at the end: no permit twice in a round, and nothing after an end. */
  async end(): Promise<void> {
    await this.#invariants.holdInLog(this.#ledger);
  }

  #opFor({ op, pick }: Step, slot: Slot | undefined): Op {
    if (op === "register" || op === "wait") return op;
    if (slot === undefined) return "propose";
    const isOver = slot.model.outcome !== null;
    if (op === "propose") return isOver ? "propose" : nextFor(slot, pick);
    if (op === "next") return isOver && pick % 3 > 0 ? "propose" : nextFor(slot, pick);
    if (op === "say" && slot.seen.review === null) return nextFor(slot, pick);
    if (op === "say earlier" && slot.reviewed.size < 2) return nextFor(slot, pick);
    if (op === "repeat" && slot.sent.length === 0) return nextFor(slot, pick);
    return (op === "expire" || op === "say") && slot.seen.review === null ? nextFor(slot, pick) : op;
  }

  async #do(op: Op, step: Step, slot: Slot | undefined): Promise<string> {
    if (op === "register") return this.#register(step);
    if (op === "wait") return this.#wait(step);
    if (op === "propose" || slot === undefined) return this.#propose(step);
    switch (op) {
      case "ask":
        return this.#ask(step, slot);
      case "say":
        return this.#say(step, slot, slot.seen);
      case "say earlier":
        return this.#say(step, slot, earlierOf(slot, step.pick));
      case "repeat":
        return this.#send(slot, slot.sent[step.pick % slot.sent.length]!);
      case "expire":
        return this.#expire(slot);
      case "redraft":
        return this.#redraft(step, slot);
      case "route":
        return this.#route(step, slot);
      case "claim":
      case "settle":
      case "reroute":
      case "next":
        return this.#carryOut(op, step, slot);
      default:
        return op satisfies never;
    }
  }

  async #register(step: Step): Promise<string> {
    const reviewer = registration(step, this.model.nowMs);
    await this.#ledger.register({ reviewer, by: ADMIN, reason: "So it is.", at: this.#now() });
    this.model.reviewers.set(reviewer.id, reviewer);
    return "known";
  }

  async #wait({ pick }: Step): Promise<string> {
    const ms = [5, 10, 20, 40][pick % 4]! * 1_000;
    await this.#clock.advance(ms);
    this.model.nowMs += ms;
    return "time passed";
  }

  async #propose({ slot, worth, pick }: Step): Promise<string> {
    this.#proposed += 1;
    const model: ModelCase = {
      threadId: slot < 2 ? "shared" : "own",
      action: ACTIONS[pick % 3]!,
      agent: pick % 4 === 0 ? "other" : "support",
      requestedBy: pick % 5 === 0 ? null : "requester",
      rounds: [{ nth: 1, amount: AMOUNTS[worth], requires: null, review: null, permit: null }],
      said: [],
      outcome: null,
    };
    const { threadId, action, agent, requestedBy } = model;
    const { proposal } = draft({ key: `${this.#proposed}`, threadId, action, agent, requestedBy });
    const held = await this.#ledger.propose({ proposal, round: roundOf(model, 1, AMOUNTS[worth]) });
    this.model.cases.push(model);
    await this.#ledger.take({ threadId, gate: "gate", ids: [held.proposal.id] });
    this.slots[slot] = {
      model,
      seen: held,
      kind: pick % 3 === 0 ? "refinement" : "approval",
      reviewed: new Map(),
      sent: [],
    };
    return "proposed";
  }

  async #route({ requires }: Step, { model, seen }: Slot): Promise<string> {
    const round = current(model);
    const wanted = requires ?? round.requires ?? model.rounds.at(-2)?.requires ?? null;
    if (wanted === null) return "nothing said";
    const request = routeRequest(seen, "review");
    await this.#ledger.route({ ...request, routing: { ...request.routing, requires: wanted } });
    if (model.outcome !== null || round.requires !== null) return "routed already";
    round.requires = wanted;
    return "routed";
  }

  async #ask({ pick }: Step, { model, seen, kind }: Slot): Promise<string> {
    const interrupt = `interrupt-${pick % 3}`;
    const { withinMs, otherwise } = current(model).requires ?? { withinMs: null, otherwise: "hold" };
    const { asks = 0 } = current(model).review ?? {};
    await this.#ledger.ask({ ...askRequest(seen, interrupt), kind, withinMs, otherwise });
    this.model.ask(model, interrupt);
    const now = current(model).review?.asks ?? 0;
    return now === asks ? "nothing to ask" : now === 1 ? "asked" : "asked again";
  }

  async #expire({ model, seen }: Slot): Promise<string> {
    const { review } = seen;
    const next = current(model).requires!.escalateTo[current(model).review!.step] ?? null;
    const due = await this.#ledger.due({ limit: 1_000 });
    const expected = this.slots.flatMap((each) =>
      each && this.model.isDue(each.model) ? [each.seen.proposal.id] : [],
    );
    assert.deepEqual(due.map(({ case: { proposal } }) => proposal.id).toSorted(), expected.toSorted());
    await this.#ledger.expire({
      reviewId: review!.id,
      outcome: outcome(seen, "expired", this.#now()),
      next: next === null ? null : { withinMs: next.withinMs, otherwise: next.otherwise },
      at: this.#now(),
    });
    return this.model.expire(model);
  }

  async #redraft({ worth }: Step, { model, seen }: Slot): Promise<string> {
    const round = current(model);
    const next = roundOf(model, round.nth + 1, AMOUNTS[worth]);
    await this.#ledger.redraft({ proposalId: seen.proposal.id, round: round.nth, next, at: this.#now() });
    const last = model.said.at(-1);
    if (model.outcome !== null || last?.verdict !== "revise" || last.round !== round.nth) return "nobody asked";
    model.rounds.push({ nth: round.nth + 1, amount: AMOUNTS[worth], requires: null, review: null, permit: null });
    return "drafted";
  }

  async #carryOut(op: Op, { pick }: Step, { model, seen }: Slot): Promise<string> {
    const round = current(model);
    const { permit } = round;
    if (op === "claim") {
      await this.#ledger.claim(claimRequest(seen, "worker"));
      if (model.outcome !== null || permit?.state !== "issued") return "nothing to claim";
      permit.state = "claimed";
      return "claimed";
    }
    if (op === "settle") {
      const status = pick % 3 === 0 ? "failed" : "executed";
      await this.#ledger.settle(settleRequest(seen, "worker", status));
      if (model.outcome !== null || permit?.state !== "claimed") return "nothing to settle";
      permit.state = "spent";
      model.outcome = status;
      return status;
    }
    const { id } = seen.proposal;
    await this.#ledger.reroute({ proposalId: id, round: round.nth, reason: "Changed.", at: this.#now() });
    if (model.outcome !== null || permit?.state !== "issued") return "nothing to void";
    permit.state = "void";
    model.rounds.push({ ...round, nth: round.nth + 1, requires: null, review: null, permit: null });
    return "voided";
  }

  async #say(step: Step, slot: Slot, seen: Case): Promise<string> {
    const isTaken = step.verdict !== "revise" || slot.kind === "refinement";
    const made = callOf(this.model, isTaken ? step : { ...step, verdict: "abstain" }, slot, seen);
    slot.sent.push(made);
    return this.#send(slot, made);
  }

  async #send({ model }: Slot, { request, call }: Slot["sent"][number]): Promise<string> {
    const result = await this.#ledger.decide(request);
    const isAgain = model.said.some(
      ({ round, verdict, by }) => round === call.round && verdict === call.verdict && by.id === call.by.id,
    );
    const expected = this.model.decide(model, call);
    const { answer } = expected;
    const actual = result.ok ? (result.repeated ? "repeated" : "counts") : result.why;
    const about = `${call.verdict} by ${call.by.id}: ${JSON.stringify(expected)}, the ledger says ${JSON.stringify({ ...result, case: 0 })}`;
    assert.equal(actual, answer, about);
    if (expected.answer === "forbidden" && !result.ok) {
      assert.ok(
        expected.because.some((why) => WORDS[why].test(result.because ?? "")),
        about,
      );
    }
    const isSaidAgain = isAgain && expected.answer === "counts" && call.verdict !== "escalate";
    return isSaidAgain ? `said again, ${expected.settles}` : inWords(expected, call);
  }

  async #compare(slot: Slot): Promise<void> {
    const held = await this.#ledger.read(slot.seen.proposal.id);
    assert.ok(held);
    assert.deepEqual(told(held), expectedOf(slot.model));
    this.#invariants.hold(held);
    slot.seen = held;
    if (held.review !== null) slot.reviewed.set(held.round.round, held);
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

/** The case as it was in a round before the last one that had a review. */
function earlierOf({ reviewed }: Slot, pick: number): Case {
  return [...reviewed.values()][pick % (reviewed.size - 1)]!;
}

/** What a well-behaved caller does next. */
function nextFor({ model }: Slot, pick: number): Op {
  const { requires, review, permit } = current(model);
  if (model.outcome !== null)
    return (["say", "ask", "expire", "claim", "redraft"] as const)[review === null ? 1 : pick % 5]!;
  if (requires === null) return "route";
  if (permit !== null) return permit.state === "claimed" ? "settle" : pick % 5 === 0 ? "reroute" : "claim";
  if (review === null) return "ask";
  const isOld = review.deadlineMs !== null && pick % 3 === 0;
  return review.status !== "open" ? "redraft" : isOld ? "expire" : "say";
}

function inWords(expected: ModelAnswer, { verdict }: ModelCall): string {
  if (expected.answer === "counts") return `${verdict} counts, ${expected.settles}`;
  return expected.answer === "forbidden" ? `forbidden, ${expected.because.join(" and ")}` : expected.answer;
}

function told({ round, review, permit, outcome: end, decisions }: Case) {
  const { status, step, version, asks, deadlineAt, otherwise } = review ?? {};
  return {
    round: [round.round, round.facts.amount, round.routing === null],
    review: review && [status, step, version, asks, deadlineAt ?? null, otherwise],
    permit: permit && [permit.basis, permit.state, permit.round],
    outcome: end?.status ?? null,
    decisions: decisions.map(({ id }) => id),
  };
}

function expectedOf(model: ModelCase): ReturnType<typeof told> {
  const { nth, amount, requires, review, permit } = current(model);
  const { status, step, version, asks, deadlineMs = null, otherwise } = review ?? {};
  const deadlineAt = deadlineMs === null ? null : new Date(deadlineMs).toISOString();
  return {
    round: [nth, amount, requires === null],
    review: review && [status, step, version, asks, deadlineAt, otherwise],
    permit: permit && [permit.basis, permit.state, nth],
    outcome: model.outcome,
    decisions: model.said.map(({ id }) => id),
  };
}
