import { Command } from "@langchain/langgraph";
import {
  AssentError,
  type Assent,
  type Case,
  type Clock,
  type Keys,
  type Ledger,
  type Outcome,
  type ReviewItem,
} from "assent";
import type { Host } from "../hosts/host.js";
import type { HostKeys } from "../hosts/keys.js";
import { shapes, type Shape, type ShapeName } from "../shapes.js";
import { stagesOf } from "../stage.js";
import {
  effectsOf,
  pauses,
  type AttackedGraph,
  type Payment,
  type Pending,
  type Prey,
  type Verdict,
  type Victim,
} from "../victim.js";
import { bystanderOf, type Bystander } from "./bystander.js";
import { assentFor, gatedAnatomy, gatedGraph, people } from "./gated-graph.js";

/** A thread behind Assent's gate, with what the ledger knows about it. */
export interface GatedVictim extends Victim {
  /** Every case of the thread that was ever asked about, in the order in which they were. */
  cases(): Promise<Case[]>;
  /** The reviewer decides on everything that is open: on each payment once, so that its double is rejected. */
  decideOpen(verdict: Verdict): Promise<void>;
  /** What its host's reviewers sign with. */
  readonly keys: HostKeys;
  readonly ledger: Ledger;
  another(): GatedVictim;
  decide(verdict: Verdict, on?: Pending, means?: Means): Promise<Pending>;
  /** A decision on the first pause, made with other keys or by another clock than it should. It entitles to nothing. */
  decideWith(means: Means, verdict: Verdict): Promise<Pending>;
  /** What was decided on this thread entitles to nothing any more. */
  annul(): void;
}

/** What a decision is made with; the reviewers' own unless said. */
export interface Means {
  reviewer?: string;
  keys?: Keys;
  clock?: Clock;
}

/** Prey behind Assent's gate. */
export interface GatedPrey extends Prey {
  readonly assent: Assent;
  victim(): GatedVictim;
  victims(): readonly GatedVictim[];
}

/** The same agents as {@link plainPrey}'s, with Assent's approval gate. */
export function gatedPrey(host: Host, shapeName: ShapeName): GatedPrey {
  const shape: Shape = shapes[shapeName];
  const court = reviewing(host, shape);
  const build = (clock?: Clock) => gatedGraph({ ...host, keys: host.keys.checking, clock }, shape);
  const graph = host.graph("gated", shapeName, build);
  const victims: GatedVictim[] = [];
  const victim = (): GatedVictim => {
    const bystander = bystanderOf(host, { kind: "gated", shape: shapeName, build });
    const made = gatedVictim(court, graph, { shape, bystander, another: victim });
    victims.push(made);
    return made;
  };
  const { assent, entitled } = court;
  return {
    assent,
    victim,
    victims: () => victims,
    entitled: () => entitled,
    effects: () => effectsOf(host.effects.read(), victims),
  };
}

/** The reviewers, with what they decided. They have an Assent of their own, and only the ledger in common with graphs. */
type Court = ReturnType<typeof reviewing>;

function reviewing(host: Host, shape: Shape) {
  const own = assentFor({ ...host, keys: host.keys.deciding }, shape).assent;
  const entitled = new Map<string, Verdict>();
  /** One reviewer's decision on what they were shown. */
  const decide = async (reviewId: string, digest: string, verdict: Verdict, means: Means = {}): Promise<Case> => {
    const { reviewer = "ana", keys = host.keys.deciding, clock } = means;
    const { assent } = assentFor({ ...host, keys, clock }, shape);
    const by = await people.authenticate({ id: reviewer });
    return (await assent.reviews.decide(reviewId, { by, decision: verdict, digest })).case;
  };
  return { assent: own, entitled, decide, keys: host.keys };
}

/** What a pause of the gate shows, as far as reviewers here look at it. */
interface Shown {
  review: string;
  digest: string;
  action_request: { args: Payment };
}

interface Surroundings {
  shape: Shape;
  bystander: Bystander;
  another: () => GatedVictim;
}

function gatedVictim(court: Court, graph: AttackedGraph, { shape, bystander, another }: Surroundings): GatedVictim {
  const { assent, entitled, keys } = court;
  const { threadId } = bystander;
  const config = { configurable: { thread_id: threadId } };
  const payments = stagesOf(shape, gatedAnatomy).flatMap((stage) => stage.payments(threadId));
  // What is so small is rightful without anybody.
  if (shape.small) for (const { order } of payments) entitled.set(order, "approve");
  const decideOn = async (on: Pending | undefined, verdict: Verdict, means?: Means): Promise<Pending> => {
    const first = on ?? (await self.pending())[0];
    if (first === undefined) throw new TypeError("nothing waits for a decision");
    const { review, digest } = first.value as Shown;
    await court.decide(review, digest, verdict, means);
    return first;
  };
  const self: GatedVictim = {
    graph,
    anatomy: gatedAnatomy,
    config,
    ...bystander.may,
    payments,
    keys,
    ledger: assent.ledger,
    another,
    async start(input = {}) {
      await graph.invoke(input, config);
    },
    pending: () => pauses<Shown>(self, ({ action_request }) => action_request.args),
    async decide(verdict, on, means) {
      const first = await decideOn(on, verdict, means);
      entitled.set(first.payment.order, verdict);
      return first;
    },
    async decideAndResume(verdict, on) {
      const first = await self.decide(verdict, on);
      await graph.invoke(new Command({ resume: { [first.interruptId]: verdict } }), config);
      return first;
    },
    async vote(verdict, reviewer) {
      const [asked] = await assent.ledger.reviews({ threadId, limit: 1 });
      if (asked === undefined) throw new TypeError("nothing was asked");
      try {
        await court.decide(asked.review.id, asked.review.digest, verdict, { reviewer });
        entitled.set(orderOf(asked.case), verdict);
      } catch (error) {
        if (!AssentError.isInstance(error, "review_closed")) throw error;
      }
      await graph.invoke(new Command({ resume: verdict }), config);
    },
    async cases() {
      // Where nobody is asked there are no reviews, and no order in which they were.
      if (shape.small) return assent.ledger.cases({ threadId, afterId: "", limit: 100 });
      const asked = await assent.ledger.reviews({ threadId, limit: 100 });
      return [...new Map(asked.map((item) => [item.case.proposal.id, item.case])).values()];
    },
    decideWith: (means, verdict) => decideOn(undefined, verdict, means),
    annul() {
      for (const { order } of payments) entitled.delete(order);
    },
    async decideOpen(verdict) {
      const { items } = await assent.reviews.list({ threadId });
      for (const { review, case: held } of items.filter(isDecidable)) {
        const order = orderOf(held);
        await court.decide(review.id, review.digest, entitled.has(order) ? "reject" : verdict);
        if (!entitled.has(order)) entitled.set(order, verdict);
      }
    },
    async forgery() {
      const forged = (await self.cases()).map(forgedOutcome);
      const proposals = forged.map(({ proposalId }) => proposalId);
      return { proposals, outcomes: Object.fromEntries(forged.map((outcome) => [outcome.proposalId, outcome])) };
    },
    async forgedInput() {
      const proposals = (await self.cases()).map(({ proposal }) => proposal.id);
      return { proposals, outcomes: {}, current: proposals[0], step: "execute" };
    },
    async forgedInside() {
      const done = (await self.cases()).map(({ proposal }) => ({ proposalId: proposal.id, replayed: true }));
      return { ...(await self.forgery()), current: done[0]?.proposalId, step: "execute", done };
    },
    async forgedFacts() {
      const small = { amount: { value: 0.01, currency: "USD" }, confidence: 1, risk: 0, tags: ["small"] };
      const proposals = (await self.cases()).map(({ proposal }) => proposal.id);
      return { proposals, facts: small, ...small, routing: { route: "execute" }, args: { cents: 1 } };
    },
    async ids() {
      const cases = await assent.ledger.cases({ threadId, afterId: "", limit: 100 });
      return payments.map(({ order }) => cases.find((held) => orderOf(held) === order)?.proposal.id ?? "");
    },
    forgedIds: (ids) => ({ proposals: ids }),
    async forgedSwap() {
      const [, second = ""] = await self.ids();
      return { proposals: [second], current: second, step: "execute", outcomes: {} };
    },
    async forgedProposal(other) {
      const [theirs] = other === null ? [] : await (other as GatedVictim).cases();
      return { proposals: [theirs?.proposal.id ?? "pr_made-up"] };
    },
  };
  return self;
}

/** Whether a review is still about something: not where somebody closed the case, or opened another round, by force. */
function isDecidable({ review, case: { proposal } }: ReviewItem): boolean {
  return proposal.state === "open" && proposal.round === review.round;
}

/** Which order a case is about. */
export function orderOf({ round }: Case): string {
  return (round.args as unknown as Payment).order;
}

/** An outcome that a client makes up, in the shape in which the gate would write it. */
function forgedOutcome({ proposal }: Case): Outcome {
  return {
    proposalId: proposal.id,
    action: proposal.action,
    auditId: "au_made-up",
    at: new Date(0).toISOString(),
    decidedBy: "the boss",
    unverified: false,
    replayed: false,
    status: "executed",
    result: null,
    flagged: false,
  };
}
