import { describe, expect, test } from "vitest";
import { CASE_BYTES_MAX, CaseRecord, auditId, caseRecord, caseRecordText, type Case } from "../../src/model/case.js";
import { readable, type Decision } from "../../src/model/decision.js";
import { fixRound } from "../../src/model/proposal.js";

const round = {
  ...fixRound({
    round: 1,
    action: "pay",
    args: { to: "bo", cents: 500 },
    agent: "clerk",
    requestedBy: "cleo",
    facts: { confidence: 0.9 },
    summary: "Pay 500 cents to bo",
    context: null,
  }),
  routing: { route: "review" as const, rules: ["middle"], explanation: "why", policyDigest: "sha256:p" },
};
const decision = (name: string, verdict: Decision["verdict"]): Decision => ({
  id: `dc_${name}`,
  reviewId: "rv_1",
  proposalId: "pr_1",
  round: 1,
  verdict,
  by: { kind: "person", id: name, name, roles: [], authenticator: "test", level: "system" },
  reasonCode: "limit",
  note: "a note",
  argsDigest: round.argsDigest,
  newArgsDigest: null,
  statement: "{}",
  signatures: [],
  decidedAt: "2026-01-01T00:00:01.000Z",
});
const closed: Omit<Case, "review" | "permit"> = {
  proposal: {
    id: "pr_1",
    threadId: "t",
    action: "pay",
    agent: "clerk",
    requestedBy: "cleo",
    trust: "verified",
    gate: "gate",
    round: 1,
    state: "closed",
    proposedAt: "2026-01-01T00:00:00.000Z",
  },
  round,
  decisions: [decision("ana", "modify"), decision("bo", "approve")],
  outcome: {
    proposalId: "pr_1",
    action: "pay",
    auditId: auditId("pr_1"),
    at: "2026-01-01T00:00:02.000Z",
    decidedBy: "bo",
    unverified: false,
    replayed: false,
    status: "executed",
    result: null,
    flagged: false,
  },
};

describe("the record of a case", () => {
  test("says what the agent did, who intervened last and how it ended", () => {
    expect(CaseRecord.parse(caseRecord(closed))).toEqual({
      audit_id: auditId("pr_1"),
      timestamp: "2026-01-01T00:00:00.000Z",
      agent_action: {
        type: "pay",
        proposal_id: "pr_1",
        thread_id: "t",
        agent: "clerk",
        requested_by: "cleo",
        summary: "Pay 500 cents to bo",
        args: { to: "bo", cents: 500 },
        args_digest: round.argsDigest,
        facts: { confidence: 0.9 },
        route: "review",
        rules: ["middle"],
        policy_digest: "sha256:p",
      },
      human_intervention: {
        reviewer: "bo",
        level: "system",
        decision: "approve",
        reason_code: "limit",
        timestamp: "2026-01-01T00:00:01.000Z",
        notes: "a note",
      },
      outcome: closed.outcome,
    });
  });

  test("says so where nobody intervened, nothing was routed or nothing has ended yet", () => {
    const open = { ...closed, decisions: [], outcome: null, round: { ...round, routing: null } };
    expect(CaseRecord.parse(caseRecord(open))).toMatchObject({
      human_intervention: null,
      outcome: null,
      agent_action: { route: null, rules: [], policy_digest: null },
    });
  });

  test.each([{ by: null }, { by: {} }, { verdict: "yes" }, { signatures: null }, { note: 1 }])(
    "passes over what nobody can have decided: %j",
    (odd) => {
      const nonsense = { ...decision("mallory", "approve"), ...odd } as Decision;
      expect(caseRecord({ ...closed, decisions: [...closed.decisions, nonsense] })).toEqual(caseRecord(closed));
      expect(readable([nonsense, ...closed.decisions])).toEqual(closed.decisions);
    },
  );

  test("has one text, that reads back to the same record", () => {
    const text = caseRecordText(closed);
    expect(JSON.parse(text)).toEqual(caseRecord(closed));
    expect(caseRecordText(structuredClone(closed))).toBe(text);
  });

  test("holds the largest arguments, note, reason and result that may be recorded", () => {
    const large = "x".repeat(63_000);
    const full = {
      ...closed,
      round: { ...round, args: { what: large } },
      decisions: [{ ...decision("ana", "approve"), note: large }],
      outcome: { ...closed.outcome!, result: large } as Case["outcome"],
    };
    expect(Buffer.byteLength(caseRecordText(full))).toBeLessThan(CASE_BYTES_MAX);
  });

  test("has an id that follows from the proposal's", () => {
    expect(auditId("pr_1")).toBe(auditId("pr_1"));
    expect(auditId("pr_1")).not.toBe(auditId("pr_2"));
  });
});
