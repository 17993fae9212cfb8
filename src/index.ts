/**
 * Human-in-the-loop gates for LangGraph.js: an agent proposes, policy routes, a person decides, the action runs
 * exactly once, and the log has it.
 *
 * @packageDocumentation
 */
export { defineAction, notStarted } from "./model/action.js";
export type { Action, ActionDefinition, RunContext } from "./model/action.js";
export { createAssent } from "./nodes/assent.js";
export type { AnyAction, Assent, AssentOptions } from "./nodes/assent.js";
export type { ProposeOptions } from "./nodes/propose.js";
export { AssentState } from "./nodes/state.js";

export { approvalGate } from "./patterns/approval-gate.js";
export type { Gate } from "./patterns/approval-gate.js";
export { addGate } from "./patterns/add-gate.js";
export type { GraphBuilder, WithNode } from "./patterns/add-gate.js";
export { checkGraph } from "./patterns/check-graph.js";
export type { CheckGraphOptions, GraphFinding, GraphFindingName } from "./patterns/check-graph.js";
export { safeSerializer } from "./checkpoint/serializer.js";
export type { Serializer } from "./checkpoint/serializer.js";
export type { GateOptions, Into } from "./nodes/gate-settings.js";

export { memoryLedger } from "./ledger/memory/memory-ledger.js";
export type { MemoryLedgerOptions } from "./ledger/memory/memory-ledger.js";
export { AssentError } from "./model/error.js";
export type { ErrorDetail } from "./model/error.js";
export { ERROR_CODES } from "./model/error-codes.js";
export type { ErrorCode } from "./model/error-codes.js";

export { loadKeys } from "./authority/key-folder.js";
export type { Keys, TrustedKey } from "./authority/keys.js";
export type { Signer } from "./authority/signature.js";
export { localUser } from "./authority/local-user.js";
export { createAuthenticator } from "./authority/authenticator.js";
export type { Authenticator, Identity, Principal } from "./authority/authenticator.js";

export { loadPolicy } from "./policy/load-policy.js";
export { parsePolicy } from "./policy/parse.js";
export { policy } from "./policy/policy.js";
export type { Policy, PolicyOptions } from "./policy/policy.js";
export type { ConditionDocument, PolicyDocument, RuleDocument, TestDocument } from "./policy/document.js";
export type {
  AmountTest,
  AmountText,
  AnyTest,
  BooleanTest,
  BuiltInTests,
  Condition,
  DeclaredTests,
  FactDeclaration,
  FactDeclarations,
  NoFacts,
  NumberTest,
  PolicyRule,
  PolicySource,
  StringTest,
  SupportedRoute,
  TagsTest,
  TestsByType,
} from "./policy/source.js";

export type { Decided, DecideOptions, ReviewItem, Reviews } from "./nodes/reviews.js";
export type {
  AskRequest,
  ClaimRequest,
  ClaimResult,
  ClosedCase,
  DecideRequest,
  DecideResult,
  Ledger,
  NewProposal,
  PageRequest,
  RefuseRequest,
  RerouteRequest,
  ReviewFilter,
  RouteRequest,
  SettleRequest,
  TakeRequest,
} from "./ledger/ledger.js";

export type { Case, CaseRecord } from "./model/case.js";
export type { ApprovalVerdict, Decision, Signature, Verdict } from "./model/decision.js";
export type { Amount, ExtraFact, Facts, PolicyInput } from "./model/facts.js";
export type { Outcome, OutcomeStatus } from "./model/outcome.js";
export type { Permit } from "./model/permit.js";
export type { PrincipalRecord } from "./model/principal.js";
export type { Display, Json, Proposal, Round } from "./model/proposal.js";
export type { Address, Review, ReviewKind } from "./model/review.js";
export type { Route, Routing } from "./model/routing.js";
export type { Trust, TrustLevel } from "./model/trust.js";
export type { AuditEvent, AuditKind, AuditRow } from "./model/audit-event.js";
export { systemClock } from "./model/clock.js";
export type { Clock } from "./model/clock.js";
export { oneLine, visibleText } from "./model/visible-text.js";
