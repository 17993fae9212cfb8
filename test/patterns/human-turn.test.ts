import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, humanTurn, memoryLedger, type HumanInputMode } from "assent";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { askAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const State = AssentState.extend({ draft: z.string(), isLast: z.boolean().optional(), verdict: z.string().optional() });
type State = z.infer<typeof State>;

function conversation(mode: HumanInputMode) {
  const assent = createAssent({ actions: [], ledger: memoryLedger(), trust: "open", policy: askAlways });
  const turn = humanTurn(assent, {
    mode,
    wantsToStop: (s: State) => s.isLast === true,
    prompt: (s: State) => s.draft,
    parse: z.enum(["approve", "reject"]),
    into: (verdict) => ({ verdict }),
  });
  return new Thread(
    addGate(new StateGraph(State), "human", turn).addEdge(START, "human").compile({ checkpointer: new MemorySaver() }),
  );
}

describe("when a person is asked", () => {
  test.each([
    ["never", false, 0],
    ["never", true, 0],
    ["terminate", false, 0],
    ["terminate", true, 1],
    ["always", false, 1],
    ["always", true, 1],
  ] as const)("mode %s, the agent wants to stop: %s", async (mode, isLast, asked) => {
    const thread = conversation(mode);
    await thread.start({ draft: "Shall I?", isLast });
    expect(await thread.pending()).toHaveLength(asked);
    expect(await thread.finished()).toBe(asked === 0);
  });
});

test("a reply counts by exact match and never by a guess", async () => {
  const thread = conversation("always");
  await thread.start({ draft: "Shall I?" });
  for (const vague of ["looks fine I guess", "Approve!", "yes", { type: "answer", answer: "approved" }]) {
    await thread.answer(vague);
    expect(await thread.pending()).toHaveLength(1);
  }
  expect(await thread.answer({ type: "answer", answer: "approve" })).toMatchObject({ verdict: "approve" });
});
