import { getConfig } from "@langchain/langgraph";
import { fanOut, interactiveRefinement, policy, reviewed } from "assent";
import { threadOf } from "../../stage.js";
import type { Payment } from "../../victim.js";
import {
  approve,
  ASKS_ALWAYS,
  HANDS_ON,
  NAMES_ITSELF,
  orderOfPayment,
  type Building,
  type Pattern,
  type Wishes,
} from "./pattern.js";

/** The payments that an agent drafts, each time that it is asked to. */
function drafted({ stage, faults }: Building, threadId: string): Payment[] {
  return stage.payments(threadId, faults.draft(threadId));
}

function firstDraft(building: Building): Payment {
  const [payment] = drafted(building, threadOf(getConfig()));
  if (payment === undefined) throw new TypeError("an agent has nothing to propose");
  return payment;
}

/** Attacked in its second draft, so that behind it is a round that was decided and led to no permit. */
const asInteractiveRefinement: Pattern = {
  name: "interactiveRefinement",
  setUp: { policy: policy({ default: { route: "execute" } }) },
  proposes: "gate",
  gate: (building) =>
    interactiveRefinement(building.assent, {
      action: building.pay,
      input: () => ({}),
      draft: () => firstDraft(building),
      revise: ({ draft }) => ({ ...draft, cents: draft.cents + 1 }),
    }),
  inside: ["propose", "policy", "review", "revise", "execute", "audit"],
  ends: "pays",
  asksOne: true,
  redrafts: true,
  orderIn: orderOfPayment,
  yes: approve,
  lacks: { ...ASKS_ALWAYS, ...NAMES_ITSELF },
};

const asFanOut: Pattern = {
  name: "fanOut",
  proposes: "gate",
  gate: (building) =>
    fanOut(building.assent, {
      action: building.pay,
      args: ({ thread }: Wishes) => (thread === undefined ? [] : drafted(building, thread)),
    }),
  inside: ["propose", "one", "collect"],
  ends: "pays",
  orderIn: orderOfPayment,
  yes: approve,
  lacks: {
    ...NAMES_ITSELF,
    "a cache": "the second agent's words come from the cache as well, and a person is asked about them as about any",
  },
};

const asReviewed: Pattern = {
  name: "reviewed",
  setUp: { policy: policy({ default: { route: "execute" } }) },
  proposes: "gate",
  gate: (building) => reviewed(building.assent, () => ({ handed: [firstDraft(building)] }), { input: () => ({}) }),
  inside: ["propose", "policy", "review", "execute", "audit"],
  ends: "hands on",
  asksOne: true,
  orderIn: ({ output }) => (output as { handed: Payment[] }).handed[0]?.order ?? "",
  yes: approve,
  lacks: HANDS_ON,
};

/** Those that propose for themselves. */
export const proposingPatterns: readonly Pattern[] = [asInteractiveRefinement, asFanOut, asReviewed];
