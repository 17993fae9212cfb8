import { START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  appeal,
  approvalGate,
  askHuman,
  createAssent,
  defineAction,
  exceptionEscalation,
  fanOut,
  interactiveRefinement,
  memoryLedger,
  progressiveAutonomy,
  suggestOnly,
  vetoWindow,
  type Action,
  type Assent,
  type Outcome,
  type ProposeOptions,
} from "assent";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { askAlways } from "../support/payments.js";

const RefundArgs = z.object({ orderId: z.string(), cents: z.int() });
const refund = defineAction({
  name: "refund",
  args: RefundArgs,
  summary: ({ orderId }) => `Refund ${orderId}`,
  idempotent: true,
  run: ({ cents }) => ({ paid: cents }),
  undo(args, result) {
    expectTypeOf(args).toEqualTypeOf<{ orderId: string; cents: number }>();
    expectTypeOf(result).toEqualTypeOf<{ paid: number }>();
  },
});
const foreign = defineAction({
  name: "wipe",
  args: z.object({ disk: z.string() }),
  summary: () => "Wipe a disk",
  idempotent: false,
  run: () => null,
});
const assent = createAssent({ actions: [refund], ledger: memoryLedger(), policy: askAlways, trust: "open" });

// The compiler is the test: `npm run types` fails where one of these would compile, or no longer does.
describe("what does not compile", () => {
  test("a gate for an action of a name that nobody has declared", () => {
    expectTypeOf(assent).toEqualTypeOf<Assent<"refund">>();
    approvalGate(assent, { action: "refund" });
    // @ts-expect-error -- a letter is missing
    approvalGate(assent, { action: "refnd" });
    // @ts-expect-error -- the same
    exceptionEscalation(assent, { action: "refnd" });
    // @ts-expect-error -- the same
    progressiveAutonomy(assent, { action: "refnd" });
    // @ts-expect-error -- the same
    suggestOnly(assent, { action: "refnd" });
    // @ts-expect-error -- the same
    vetoWindow(assent, { action: "refnd", window: "PT1H" });
  });

  test("an action that is not among those of its Assent", () => {
    expectTypeOf(assent.propose<typeof RefundArgs, { paid: number }>)
      .parameter(0)
      .toEqualTypeOf<Action<typeof RefundArgs, { paid: number }, "refund">>();
    // @ts-expect-error -- createAssent does not list it
    expectTypeOf(assent.propose).toBeCallableWith(foreign, { disk: "a" });
    // @ts-expect-error -- nor for a fan
    fanOut(assent, { action: foreign, args: () => [] });
    // @ts-expect-error -- nor for appeals
    appeal(assent, { action: foreign, appeals: () => null });
  });

  test("arguments that are not the action's", () => {
    type Args = Parameters<typeof assent.propose<typeof RefundArgs, { paid: number }>>[1];
    expectTypeOf<Args>().toEqualTypeOf<{ orderId: string; cents: number }>();
    expectTypeOf<{ orderId: string }>().not.toExtend<Args>();
    expectTypeOf<{ orderId: string; cents: string }>().not.toExtend<Args>();
    expectTypeOf<{ confidence: string }>().not.toExtend<ProposeOptions>();
    fanOut(assent, { action: refund, args: () => [{ orderId: "o-1", cents: 1 }] });
    // @ts-expect-error -- cents are a number
    fanOut(assent, { action: refund, args: () => [{ orderId: "o-1", cents: "1" }] });
    // @ts-expect-error -- a draft of an action is its arguments
    interactiveRefinement(assent, { action: refund, draft: () => ({ text: "" }), revise: ({ draft }) => draft });
  });

  test("an answer of another form than was asked for", () => {
    const State = AssentState.extend({ limit: z.number().optional() });
    expectTypeOf<z.infer<typeof State>>().not.toHaveProperty("client");
    askHuman(assent, {
      question: "How much?",
      answer: z.object({ limit: z.number() }),
      into(answer, said) {
        expectTypeOf(answer).toEqualTypeOf<{ limit: number }>();
        expectTypeOf(said.by).toEqualTypeOf<string | null>();
        // @ts-expect-error -- nobody is asked for that
        return { limit: answer.most as number };
      },
    });
    // @ts-expect-error -- the state has no such key
    askHuman(assent, { question: ({ client }: z.infer<typeof State>) => String(client), answer: z.string() });
  });

  test("an outcome's result, before it is known that there is one", () => {
    expectTypeOf<Outcome>().not.toHaveProperty("result");
    expectTypeOf<Extract<Outcome, { status: "executed" }>>().toHaveProperty("result");
    expectTypeOf<Extract<Outcome, { status: "rejected" }>>()
      .toHaveProperty("reasonCode")
      .toEqualTypeOf<string | null>();
  });

  test("an edge to a gate that was not added", () => {
    const gate = approvalGate(assent);
    const builder = addGate(new StateGraph(AssentState), "gate", gate).addEdge(START, "gate");
    expectTypeOf(builder.addEdge).parameter(0).toExtend<"gate" | typeof START | ("gate" | typeof START)[]>();
    // @ts-expect-error -- it is called gate
    builder.addEdge("gaet", "gate");
  });
});
