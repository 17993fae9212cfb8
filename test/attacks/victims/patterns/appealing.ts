import { AsyncLocalStorage } from "node:async_hooks";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, appeal, approvalGate, policy, type Assent } from "assent";
import { z } from "zod";
import type { Payment } from "../../victim.js";
import { approve, ASKS_ALWAYS, NAMES_ITSELF, PayArgs, type Pattern, type Pay, type Wishes } from "./pattern.js";

// The payments that are appealed against are made in runs of their own, which are no part of the attacked one.
const outsideOfRuns = AsyncLocalStorage.snapshot();

const Making = AssentState.extend({ payment: PayArgs });

/** Makes a payment that needs nobody; again, if that was done before, it comes to the same case. */
async function payAlone(assent: Assent, pay: Pay, payment: Payment): Promise<string> {
  const agent = (state: z.infer<typeof Making>) => assent.propose(pay, state.payment, { key: "the one" });
  const graph = addGate(new StateGraph(Making).addNode("agent", agent), "gate", approvalGate(assent))
    .addEdge(START, "agent")
    .addEdge("agent", "gate")
    .compile({ checkpointer: new MemorySaver() });
  const thread = { configurable: { thread_id: `before ${payment.order}` } };
  const { proposals, outcomes } = await outsideOfRuns(() => graph.invoke({ payment }, thread));
  const [proposalId = ""] = proposals;
  if (outcomes[proposalId]?.status !== "executed") throw new TypeError("there is nothing to appeal against");
  return proposalId;
}

/** An approved appeal takes a payment back; the payment is the action's, and the effect its `undo`. */
export const asAppeal: Pattern = {
  name: "appeal",
  setUp: { policy: policy({ default: { route: "execute" } }) },
  proposes: "gate",
  async pays({ assent, pay }, payments) {
    const made = payments.map(async (each) => [each.order, await payAlone(assent, pay, each)] as const);
    return Object.fromEntries(await Promise.all(made));
  },
  gate: ({ assent, pay, stage }) =>
    appeal(assent, {
      action: pay,
      appeals({ thread, paid }: Wishes) {
        const [payment] = thread === undefined ? [] : stage.payments(thread);
        const proposal = paid?.[payment?.order ?? ""];
        return proposal === undefined ? null : { proposal, by: "kim", grounds: "It was not theirs." };
      },
    }),
  inside: ["propose", "policy", "review", "execute", "audit"],
  ends: "pays",
  asksOne: true,
  asksOnce: true,
  orderIn: ({ summary }) => / for (?<order>.*)$/.exec(String(summary))?.groups?.["order"] ?? "",
  async keyOf({ round }, ledger) {
    const old = await ledger.read(z.string().parse(round.args["proposal"]));
    return `undo:${old?.permit?.id}`;
  },
  yes: approve,
  lacks: {
    ...ASKS_ALWAYS,
    ...NAMES_ITSELF,
    "a cache": "a second thread gets the first one's case from the cache, and is told that it was appealed against",
  },
};
