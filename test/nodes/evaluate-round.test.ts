import { describe, expect, test } from "vitest";
import { createAssent, defineAction, memoryLedger, policy, type Case } from "assent";
import { z } from "zod";
import { evaluateRound } from "../../src/nodes/evaluate-round.js";

const byAmount = policy({
  rules: [
    { id: "forbidden", when: { amount: { gt: "100 USD" } }, route: "block" },
    { id: "sure", when: { all: [{ amount: { lte: "10 USD" } }, { confidence: { gt: 0.9 } }] }, route: "execute" },
  ],
  default: { route: "review" },
});

const pay = defineAction({
  name: "pay",
  args: z.object({ cents: z.int() }),
  summary: ({ cents }) => `Pay ${cents} cents`,
  facts({ cents }) {
    if (cents === 13) throw new Error("unlucky");
    if (cents === 14) throw "no error"; // oxlint-disable-line no-throw-literal -- anything may be thrown
    return { amount: { value: cents / 100, currency: "USD" } };
  },
  idempotent: true,
  run: () => {},
});
const assent = createAssent({ actions: [pay], ledger: memoryLedger(), policy: byAmount });

/** A round with such arguments, whoever wrote such facts beside them. */
function recorded(args: Record<string, unknown>, facts: object, action = "pay"): Case {
  return { proposal: { action, agent: "clerk" }, round: { args, facts } } as unknown as Case;
}
const small = { amount: { value: 0.01, currency: "USD" }, confidence: 1 };

describe("what the policy says about a recorded round", () => {
  test.each([
    ["as it was recorded", { cents: 500 }, { amount: { value: 5, currency: "USD" }, confidence: 1 }, "execute"],
    ["with a smaller amount recorded than its arguments have", { cents: 5_000 }, small, "review"],
    ["with a far smaller one", { cents: 500_000 }, small, "block"],
    ["with a larger one", { cents: 500 }, { ...small, amount: { value: 500, currency: "USD" } }, "execute"],
    ["with none", { cents: 500 }, { confidence: 1 }, "execute"],
    ["with less confidence, which only the agent can tell", { cents: 500 }, { ...small, confidence: 0.5 }, "review"],
  ])("%s: what follows from the arguments wins", (_, args, facts, route) => {
    expect(evaluateRound(assent, recorded(args, facts)).route).toBe(route);
  });

  test.each([
    ["do not fit the action", { cents: "all" }, /do not fit the action "pay"/],
    ["are missing", {}, /do not fit the action "pay"/],
    ["make the action's facts throw", { cents: 13 }, /unlucky/],
    ["make them throw what is no error", { cents: 14 }, /no error/],
  ])("whose arguments %s: a person is asked, whatever was recorded", (_, args, why) => {
    const routing = evaluateRound(assent, recorded(args, small));
    expect(routing).toMatchObject({ route: "review", rules: [], failedClosed: true });
    expect(routing.explanation).toMatch(why);
    const large = { ...small, amount: { value: 500, currency: "USD" } };
    expect(evaluateRound(assent, recorded(args, large))).toMatchObject({ route: "block", rules: ["forbidden"] });
  });

  test("of an action that this process does not know: what was recorded is all there is", () => {
    expect(evaluateRound(assent, recorded({ cents: 500_000 }, small, "other")).route).toBe("execute");
  });
});
