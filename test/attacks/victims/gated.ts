import { Command, START, StateGraph, getConfig } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import {
  AssentError,
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  policy,
  type Assent,
  type Case,
  type Outcome,
} from "assent";
import { z } from "zod";
import { testAuthenticator } from "../../../src/testing/test-authenticator.js";
import { EffectFile } from "../../support/effects.js";
import { stagesOf, threadOf } from "../stage.js";
import {
  pauses,
  type AttackedGraph,
  type Host,
  type Payment,
  type Prey,
  type Verdict,
  type Victim,
} from "../victim.js";

const anatomy = { agent: "agent", gate: "gate", after: "report", inside: ["policy", "review", "execute", "audit"] };

/** A thread behind Assent's gate, with what the ledger knows about it. */
export interface GatedVictim extends Victim {
  /** Every case of the thread that was ever asked about, in the order in which they were. */
  cases(): Promise<Case[]>;
  /** The reviewer decides on everything that is open: on each payment once, so that its double is rejected. */
  decideOpen(verdict: Verdict): Promise<void>;
}

/** Prey behind Assent's gate. */
export interface GatedPrey extends Prey {
  readonly assent: Assent;
  victims(): readonly GatedVictim[];
}

/** The same agents as {@link plainPrey}'s, with Assent's approval gate, in verified trust. */
export function gatedPrey({ checkpointer, ledger }: Host, gates: readonly number[]): GatedPrey {
  const effects = new EffectFile<Payment>();
  const court = reviewing(ledger, effects);
  const graph = build(court, gates).compile({ checkpointer }) as unknown as AttackedGraph;
  const victims: GatedVictim[] = [];
  const victim = (): GatedVictim => {
    const made = gatedVictim(court, graph, { gates, another: victim });
    victims.push(made);
    return made;
  };
  const { assent, entitled } = court;
  return { assent, effects, victim, victims: () => victims, entitled: () => entitled };
}

/** Assent, the action, and the reviewers with what they decided. */
type Court = ReturnType<typeof reviewing>;

function reviewing(ledger: Host["ledger"], effects: EffectFile<Payment>) {
  const pay = defineAction({
    name: "pay",
    args: z.object({ order: z.string(), cents: z.int() }),
    summary: ({ order, cents }) => `Pay ${cents} cents for ${order}`,
    idempotent: true,
    run: (args, { idempotencyKey }) => effects.cause({ args, threadId: threadOf(getConfig()), idempotencyKey }),
  });
  const people = testAuthenticator();
  const assent = createAssent({
    actions: [pay],
    ledger,
    trust: "verified",
    authenticators: [people],
    policy: policy({ default: { route: "review" } }),
  });
  const entitled = new Map<string, Verdict>();
  /** One reviewer's decision on what they were shown. */
  const decide = async (reviewId: string, digest: string, verdict: Verdict, reviewer = "ana"): Promise<Case> => {
    const by = await people.authenticate({ id: reviewer });
    return (await assent.reviews.decide(reviewId, { by, decision: verdict, digest })).case;
  };
  return { assent, pay, entitled, decide };
}

function build({ assent, pay }: Court, gates: readonly number[]) {
  // oxlint-disable-next-line typescript/no-explicit-any -- the names of the nodes are made in a loop
  const builder: any = new StateGraph(AssentState);
  let before: string = START;
  for (const { agent, gate, after, payments } of stagesOf(gates, anatomy)) {
    builder.addNode(agent, async (_: AssentState, config: LangGraphRunnableConfig) => {
      const made = await Promise.all(payments(threadOf(config)).map((payment) => assent.propose(pay, payment)));
      return { proposals: made.flatMap((each) => each.proposals) };
    });
    addGate(builder, gate, approvalGate(assent));
    builder
      .addNode(after, () => ({}))
      .addEdge(before, agent)
      .addEdge(agent, gate)
      .addEdge(gate, after);
    before = after;
  }
  return builder as StateGraph<typeof AssentState>;
}

/** What a pause of the gate shows, as far as reviewers here look at it. */
interface Shown {
  review: string;
  digest: string;
  action_request: { args: Payment };
}

interface Surroundings {
  gates: readonly number[];
  another: () => GatedVictim;
}

function gatedVictim(court: Court, graph: AttackedGraph, { gates, another }: Surroundings): GatedVictim {
  const { assent, entitled } = court;
  const threadId = crypto.randomUUID();
  const config = { configurable: { thread_id: threadId } };
  const payments = stagesOf(gates, anatomy).flatMap((stage) => stage.payments(threadId));
  const self: GatedVictim = {
    graph,
    anatomy,
    config,
    payments,
    another,
    async start() {
      await graph.invoke({}, config);
    },
    pending: () => pauses<Shown>(self, ({ action_request }) => action_request.args),
    async decide(verdict) {
      const [first] = await self.pending();
      if (first === undefined) throw new TypeError("nothing waits for a decision");
      const { review, digest } = first.value as Shown;
      await court.decide(review, digest, verdict);
      entitled.set(first.payment.order, verdict);
      return first;
    },
    async decideAndResume(verdict) {
      const first = await self.decide(verdict);
      await graph.invoke(new Command({ resume: { [first.interruptId]: verdict } }), config);
      return first;
    },
    async vote(verdict, reviewer) {
      const [asked] = await assent.ledger.reviews({ threadId, limit: 1 });
      if (asked === undefined) throw new TypeError("nothing was asked");
      try {
        await court.decide(asked.review.id, asked.review.digest, verdict, reviewer);
        entitled.set(orderOf(asked.case), verdict);
      } catch (error) {
        if (!AssentError.isInstance(error, "review_closed")) throw error;
      }
      await graph.invoke(new Command({ resume: verdict }), config);
    },
    async cases() {
      return (await assent.ledger.reviews({ threadId, limit: 100 })).map((item) => item.case);
    },
    async decideOpen(verdict) {
      const { items } = await assent.reviews.list({ threadId });
      for (const { review, case: held } of items) {
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
    async forgedProposal(other) {
      const [theirs] = other === null ? [] : await (other as GatedVictim).cases();
      return { proposals: [theirs?.proposal.id ?? "pr_made-up"] };
    },
  };
  return self;
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
