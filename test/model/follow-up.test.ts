import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterWhat,
  FollowUpKind,
  followUpId,
  followUpOn,
  followUpThread,
  isDrawn,
  isFollowUpThread,
  SINGLE_FOLLOW_UPS,
  undoId,
} from "../../src/model/follow-up.js";
import type { Json, Proposal, Round } from "../../src/model/proposal.js";

const caseWith = (threadId: string, context: Json) => ({
  proposal: { threadId } as Proposal,
  round: { display: { context } } as Round,
});

test("every kind of follow-up on a case has an id of its own, the same every time", () => {
  const ids = FollowUpKind.options.map((kind) => followUpId(kind, "pr_1"));
  expect(new Set(ids).size).toBe(FollowUpKind.options.length);
  expect(FollowUpKind.options.map((kind) => followUpId(kind, "pr_1"))).toEqual(ids);
  expect(followUpId("incident", "pr_1", "ana", "a")).not.toBe(followUpId("incident", "pr_1", "anaa", ""));
  expect(SINGLE_FOLLOW_UPS).not.toContain("incident");
  expect(undoId("pr_1", 1)).toBe(followUpId("undo", "pr_1"));
  expect(new Set([1, 2, 3].map((nth) => undoId("pr_1", nth))).size).toBe(3);
});

test("its thread is told from every other, and back", () => {
  const thread = followUpThread("pr_1");
  expect([thread, isFollowUpThread(thread), followUpOn(thread)]).toEqual(["after/pr_1", true, "pr_1"]);
  for (const other of ["", "after", "an/after/pr_1", "After/pr_1"]) expect(isFollowUpThread(other)).toBe(false);
});

test("what a case follows on is told by its context, on such a thread alone", () => {
  const after = { after: { kind: "undo", proposal: "pr_1" }, more: 1 };
  expect(afterWhat(caseWith("after/pr_2", after))).toEqual(after.after);
  expect(afterWhat(caseWith("thread-1", after))).toBeNull();
  for (const context of [null, "undo", { after: { kind: "other", proposal: "pr_1" } }, { after: null }]) {
    expect(afterWhat(caseWith("after/pr_2", context))).toBeNull();
  }
});

test("a share is drawn of many, always the same, and more of a larger share", () => {
  const permits = Array.from({ length: 4_000 }, (_, index) => `pm_${index}`);
  const drawn = permits.filter((id) => isDrawn(id, 0.1));
  expect(drawn.length).toBeGreaterThan(300);
  expect(drawn.length).toBeLessThan(500);
  fc.assert(
    fc.property(
      fc.string(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (id, a, b) => {
        expect(isDrawn(id, a)).toBe(isDrawn(id, a));
        if (isDrawn(id, Math.min(a, b))) expect(isDrawn(id, Math.max(a, b))).toBe(true);
      },
    ),
  );
  expect(permits.some((id) => isDrawn(id, 0) || isDrawn(id, undefined) || !isDrawn(id, 1))).toBe(false);
});
