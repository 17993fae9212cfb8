import { describe, expect, it } from "vitest";
import type { CaseEvent } from "../../src/audit/event-data.js";
import { Life } from "../../src/audit/life.js";
import { auditId } from "../../src/model/case.js";

const id = "pr_1";
const closing = { case: auditId(id), caseDigest: "sha256:record" };

const EVENTS = {
  proposed: { kind: "proposed", data: { argsDigest: "args" } },
  execute: { kind: "routed", data: { round: 1, route: "execute" } },
  review: { kind: "routed", data: { round: 1, route: "review" } },
  block: { kind: "routed", data: { round: 1, route: "block" } },
  suggest: { kind: "routed", data: { round: 1, route: "suggest" } },
  review2: { kind: "routed", data: { round: 2, route: "review" } },
  execute2: { kind: "routed", data: { round: 2, route: "execute" } },
  asked: { kind: "asked", data: { round: 1, review: "rv_1" } },
  askedOther: { kind: "asked", data: { round: 1, review: "rv_9" } },
  asked2: { kind: "asked", data: { round: 2, review: "rv_2" } },
  approve: decided("approve", 1, "rv_1", "args"),
  reject: decided("reject", 1, "rv_1", "args"),
  modify: decided("modify", 1, "rv_1", "args", "args2"),
  modifyNothing: decided("modify", 1, "rv_1", "args"),
  approveOther: decided("approve", 1, "rv_9", "args"),
  approveArgs: decided("approve", 1, "rv_1", "other"),
  approve2: decided("approve", 2, "rv_2", "args2"),
  byPolicy: permitted("policy", 1, "args"),
  byDecisions: permitted("decisions", 1, "args"),
  byDecisions2: permitted("decisions", 2, "args2"),
  byPolicy2: permitted("policy", 2, "args"),
  forOthers: permitted("policy", 1, "other"),
  withdrawn: { kind: "withdrawn", data: { review: "rv_1", round: 1 } },
  withdrawn2: { kind: "withdrawn", data: { review: "rv_2", round: 2 } },
  claimed: { kind: "claimed", data: { permit: "pm_1" } },
  claimed2: { kind: "claimed", data: { permit: "pm_2" } },
  refused: { kind: "refused", data: {} },
  voided: { kind: "refused", data: { voids: "pm_1" } },
  executed: { kind: "executed", data: { status: "executed", ...closing } },
  failed: { kind: "failed", data: { status: "failed", ...closing } },
  inDoubt: { kind: "failed", data: { status: "in-doubt", ...closing } },
  rejected: { kind: "closed", data: { status: "rejected", ...closing } },
  blocked: { kind: "closed", data: { status: "blocked", ...closing } },
  suggested: { kind: "closed", data: { status: "suggested", ...closing } },
  expired: { kind: "closed", data: { status: "expired", ...closing } },
  undone: { kind: "closed", data: { status: "undone", ...closing } },
  elsewhere: { kind: "closed", data: { status: "blocked", ...closing, case: "au_other" } },
} as const satisfies Record<string, CaseEvent>;

function decided(
  verdict: "approve" | "reject" | "modify",
  round: number,
  review: string,
  argsDigest: string,
  newArgsDigest: string | null = null,
): CaseEvent {
  const decision = `dc_${verdict}${round}`;
  return {
    kind: "decided",
    data: { decision, review, round, verdict, argsDigest, newArgsDigest, statementDigest: "s" },
  };
}

function permitted(basis: "policy" | "decisions", round: number, argsDigest: string): CaseEvent {
  return { kind: "permitted", data: { permit: `pm_${round}`, round, basis, argsDigest } };
}

/** Lives the events one after the other and gives what was said about the last. */
function lastOf(names: string): string | null {
  const life = new Life(id);
  const verdicts = names.split(" ").map((name) => life.add(EVENTS[name as keyof typeof EVENTS]));
  expect(verdicts.slice(0, -1), "an earlier event was illegal").toEqual(verdicts.slice(0, -1).map(() => null));
  return verdicts.at(-1) ?? null;
}

describe("the life of a proposal in the log", () => {
  it.each([
    "proposed execute byPolicy claimed executed",
    "proposed execute byPolicy claimed claimed failed refused",
    "proposed review asked asked approve byDecisions claimed inDoubt",
    "proposed review asked reject rejected refused",
    "proposed review asked modify execute2 byDecisions2 claimed2 executed",
    "proposed review asked modify review2 asked2 approve2 byDecisions2",
    "proposed review asked approve asked approve byDecisions",
    "proposed review asked approve reject rejected",
    "proposed execute byPolicy voided review2 asked2",
    "proposed execute byPolicy voided execute2 byPolicy2 claimed2",
    "proposed review asked approve byDecisions voided execute2 byPolicy2",
    "proposed block blocked",
    "proposed suggest suggested",
    "proposed review expired",
    "proposed review asked expired",
    "proposed refused review",
    "proposed review asked withdrawn asked approve byDecisions",
    "proposed review asked withdrawn refused asked withdrawn",
  ])("may be: %s", (names) => {
    const events = names.split(" ");
    for (let length = 1; length <= events.length; length += 1) {
      expect(lastOf(events.slice(0, length).join(" "))).toBeNull();
    }
  });

  it.each([
    ["review", '"routed" comes before "proposed"'],
    ["refused", '"refused" comes before "proposed"'],
    ["proposed proposed", "it was proposed before"],
    ["proposed review review", "its round was routed before"],
    ["proposed review2", "it is about round 2 while round 1 is current"],
    ["proposed asked", "a person was asked before the policy had routed it"],
    ["proposed execute byPolicy asked", "a person was asked after a permit was issued"],
    ["proposed review asked modify asked", "it is about round 1 while round 2 is current"],
    ["proposed review asked askedOther", "its round has another review"],
    ["proposed review asked2", "it is about round 2 while round 1 is current"],
    ["proposed review approve", "it was decided before a person was asked"],
    ["proposed review asked approveOther", "the decision is on another review than the round's"],
    ["proposed review asked approve byDecisions reject", "its round was decided before"],
    ["proposed review asked approveArgs", "the decision is about other arguments than the round's"],
    ["proposed review asked approve2", "it is about round 2 while round 1 is current"],
    ["proposed review asked modifyNothing", 'a decision "modify" has no new arguments'],
    ["proposed review asked modify approve", "it is about round 1 while round 2 is current"],
    ["proposed review withdrawn", "it was decided before a person was asked"],
    ["proposed review asked withdrawn withdrawn", "its review had been withdrawn"],
    ["proposed review asked withdrawn approve", "its review had been withdrawn"],
    ["proposed review asked withdrawn askedOther", "its round has another review"],
    ["proposed review asked approve byDecisions withdrawn", "its round was decided before"],
    ["proposed review asked withdrawn2", "it is about round 2 while round 1 is current"],
    ["proposed byPolicy", "a permit was issued before the policy had routed it"],
    ["proposed review byPolicy", 'a permit of basis policy was issued on the route "review"'],
    ["proposed review asked byPolicy", 'a permit of basis policy was issued on the route "review"'],
    ["proposed execute byDecisions", "a permit of basis decisions was issued without an approval"],
    ["proposed review asked byDecisions", "a permit of basis decisions was issued without an approval"],
    ["proposed review asked reject byDecisions", "a permit of basis decisions was issued without an approval"],
    ["proposed execute forOthers", "the permit is for other arguments than the round's"],
    ["proposed execute byPolicy byPolicy", "its round had a permit before"],
    ["proposed execute byPolicy byDecisions2", "it is about round 2 while round 1 is current"],
    ["proposed execute claimed", "a permit was claimed that had not been issued for its round"],
    ["proposed execute byPolicy claimed2", "a permit was claimed that had not been issued for its round"],
    ["proposed execute byPolicy voided claimed", "a permit was claimed that had not been issued for its round"],
    ["proposed review asked modify claimed", "a permit was claimed that had not been issued for its round"],
    ["proposed execute voided", "it voids a permit that could not be voided"],
    ["proposed execute byPolicy claimed voided", "it voids a permit that could not be voided"],
    ["proposed execute byPolicy executed", '"executed" was recorded without a claimed permit'],
    ["proposed execute byPolicy failed", '"failed" was recorded without a claimed permit'],
    ["proposed execute inDoubt", '"in-doubt" was recorded without a claimed permit'],
    ["proposed review asked approve rejected", "it was closed as rejected without a rejection"],
    ["proposed review rejected", "it was closed as rejected without a rejection"],
    ["proposed review blocked", 'it was closed as blocked without the route "block"'],
    ["proposed block suggested", 'it was closed as suggested without the route "suggest"'],
    ["proposed expired", "it expired while running, or before it was routed"],
    ["proposed execute byPolicy claimed expired", "it expired while running, or before it was routed"],
    ["proposed block undone", "it was undone without having been executed"],
    ["proposed block elsewhere", "it closes another case"],
    ["proposed block blocked blocked", '"closed" comes after the end of the case'],
    ["proposed execute byPolicy claimed executed claimed", '"claimed" comes after the end of the case'],
    ["proposed execute byPolicy claimed executed voided", "it voids a permit that could not be voided"],
  ])("may not be: %s", (names, why) => {
    expect(lastOf(names)).toBe(why);
  });

  it("goes on being judged after an illegal event", () => {
    const life = new Life(id);
    const said = ["review", "asked", "approve", "byDecisions", "claimed", "executed"].map((name) =>
      life.add(EVENTS[name as keyof typeof EVENTS]),
    );
    expect(said.filter((why) => why !== null)).toEqual([
      '"routed" comes before "proposed"',
      "a person was asked before the policy had routed it",
      "the decision is about other arguments than the round's",
      "the permit is for other arguments than the round's",
    ]);
    expect(life.closing?.status).toBe("executed");
  });
});
