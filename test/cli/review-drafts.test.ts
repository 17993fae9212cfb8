import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  createAssent,
  defineAction,
  interactiveRefinement,
  memoryLedger,
  policy,
  visibleText,
} from "assent";
import { describe, expect, test } from "vitest";
import { draftLines } from "../../src/cli/drafts.js";
import { z } from "zod";
import { paintFor } from "../../src/cli/paint.js";
import { renderItem } from "../../src/cli/review-screen.js";
import { Thread } from "../support/thread.js";
import { HOSTILE } from "./review-office.js";
import { openReviews } from "./reviewing.js";

/** What the screen shows of a draft, after these wishes. */
async function afterWishes(wishes: readonly string[], context?: object): Promise<string> {
  const write = defineAction({
    name: "write",
    args: z.object({ text: z.string(), tags: z.array(z.string()), memo: z.string().optional() }),
    summary: () => "Use this text",
    idempotent: true,
    run: () => null,
  });
  const assent = createAssent({
    actions: [write],
    ledger: memoryLedger(),
    trust: "open",
    policy: policy({ default: { route: "review" } }),
  });
  const letter = interactiveRefinement(assent, {
    action: write,
    draft: () => ({ text: "About bees.", tags: ["new"] }),
    revise: ({ draft, feedback, round }) =>
      round === 3
        ? { ...draft, tags: ["new", "seen"], memo: feedback }
        : { ...draft, text: `${draft.text} (${feedback})` },
    rounds: 9,
    ...(context !== undefined && { facts: { context } }),
  });
  const graph = addGate(new StateGraph(AssentState), "letter", letter).addEdge(START, "letter");
  const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
  await thread.start();
  for (const note of wishes) await thread.answer({ type: "revise", note, as: "ana" });
  const [item] = await openReviews(assent);
  return renderItem(item!, 80, paintFor({ isTTY: false }), Infinity);
}

describe("a later draft on the screen", () => {
  test("says what was asked for, and what changed", async () => {
    const text = await afterWishes(["shorter"]);
    expect(text).toContain(`propose says:
│ draft 2, asked for: shorter
│ text: "About bees." -> "About bees. (shorter)"

`);
  });

  test("lists the drafts before it, the last one first, and what stood beside the first", async () => {
    const text = await afterWishes(["shorter", "kind", "tagged"], { from: "bo", body: "please" });
    expect(text).toContain(`propose says:
│ draft 4, asked for: tagged
│ tags.1: nothing -> "seen"
│ memo: nothing -> "tagged"
│ earlier drafts:
│   draft 3, asked for: kind
│     text: "About bees. (shorter)" -> "About bees. (shorter) (kind)"
│   draft 2, asked for: shorter
│     text: "About bees." -> "About bees. (shorter)"
│ with the first draft:
│ body: please
│ from: bo

`);
    expect(text).not.toMatch(/[{}]/);
  });

  test("has no line of its own that an agent wrote, nor anything hidden", async () => {
    const text = await afterWishes([HOSTILE, HOSTILE]);
    const lines = text.split("\n");
    expect(lines.filter((line) => visibleText(line) !== line || line.length > 80)).toEqual([]);
    expect(lines.filter((line) => /^(You approved|│ rv_)/.test(line))).toEqual([]);
    expect(text).toContain("⟦U+202E⟧");
  });
});

test("what an agent says beside a draft is shown", () => {
  const draft = { draft: 2, feedback: "shorter", changes: [] };
  expect(draftLines(draft, () => [])).toEqual(["draft 2, asked for: shorter"]);
  expect(draftLines({ ...draft, evidence: "none" }, () => [])).toBeNull();
});
