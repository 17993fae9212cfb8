import { askHuman, coAuthor, handOver, humanTurn, policy, type Gate } from "assent";
import type { Payment } from "../../victim.js";
import { HANDS_ON, PayArgs, type Building, type Pattern, type PatternName, type Wishes } from "./pattern.js";

/** What a person is asked: which order it is about. */
type Ask = (state: Wishes) => string;

/** One of the patterns that ask a question, in which order they are to pay, and hand the answer on. */
function asking(
  name: PatternName,
  gate: (building: Building, order: Ask, asks: (state: Wishes) => boolean) => Gate,
  answer: (order: string) => unknown,
): Pattern {
  return {
    name,
    setUp: { policy: policy({ default: { route: "execute" } }) },
    proposes: "gate",
    gate: (building) =>
      gate(
        building,
        ({ thread = "" }) => (thread === "" ? "" : (building.stage.payments(thread)[0]?.order ?? "")),
        ({ thread }) => thread !== undefined,
      ),
    inside: ["propose", "policy", "review", "execute", "audit"],
    ends: "hands on",
    asksOne: true,
    orderIn: ({ question }) => String(question),
    yes: (order) => ({ decision: "answer", answer: answer(order) }),
    lacks: HANDS_ON,
  };
}

function payment(order: string): Payment {
  return { order, cents: 0 };
}

function handing(made: Payment): { handed: Payment[] } {
  return { handed: [made] };
}

/** Those that ask, and hand on what is answered. */
export const askingPatterns: readonly Pattern[] = [
  asking(
    "askHuman",
    ({ assent }, question, asks) => askHuman(assent, { question, asks, answer: PayArgs, into: handing }),
    payment,
  ),
  asking(
    "humanTurn",
    ({ assent }, prompt, wantsToStop) =>
      humanTurn(assent, { mode: "terminate", wantsToStop, prompt, parse: PayArgs, into: handing }),
    payment,
  ),
  asking(
    "coAuthor",
    ({ assent }, prompt) =>
      coAuthor(assent, {
        artifact: (state: Wishes) => payment(prompt(state)),
        form: PayArgs,
        prompt,
        into: ({ artifact }) => handing(artifact),
      }),
    (order) => ({ artifact: payment(order), next: "done" }),
  ),
  asking(
    "handOver",
    ({ assent }, why, when) =>
      handOver(assent, { when, why, history: () => [], into: ({ reply }) => handing(payment(reply)) }),
    (order) => ({ reply: order, next: "done" }),
  ),
];
