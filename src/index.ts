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
export type { FollowUps, IncidentReport, UndoOptions } from "./nodes/follow-ups.js";
export type { FollowUpTerms } from "./nodes/follow-up-terms.js";
export type { GateTerms } from "./nodes/terms.js";
export type { ProposeOptions } from "./nodes/propose.js";
export { AssentAnnotation, AssentFields, AssentState } from "./nodes/state.js";

export { appeal } from "./patterns/appeal.js";
export type { Appealed, AppealOptions } from "./patterns/appeal.js";
export { approvalGate } from "./patterns/approval-gate.js";
export type { ApprovalGateOptions, Threshold } from "./patterns/approval-gate.js";
export { askHumanTool } from "./patterns/ask-human-tool.js";
export type { AskHumanToolOptions } from "./patterns/ask-human-tool.js";
export { askHuman } from "./patterns/ask-human.js";
export type { Answered, AskHumanOptions } from "./patterns/ask-human.js";
export { CONFIDENCE_BANDS, exceptionEscalation } from "./patterns/exception-escalation.js";
export type { ConfidenceBand, ExceptionEscalationOptions } from "./patterns/exception-escalation.js";
export { fanOut } from "./patterns/fan-out.js";
export type { FanOutOptions } from "./patterns/fan-out.js";
export { humanTurn } from "./patterns/human-turn.js";
export type { HumanInputMode, HumanTurnOptions } from "./patterns/human-turn.js";
export { interactiveRefinement } from "./patterns/interactive-refinement.js";
export type { DraftOf, RefinementOptions, TextDraft, Wish } from "./patterns/interactive-refinement.js";
export { progressiveAutonomy } from "./patterns/progressive-autonomy.js";
export type { ProgressiveAutonomyOptions } from "./patterns/progressive-autonomy.js";
export { reviewed } from "./patterns/reviewed.js";
export type { ReviewedOptions } from "./patterns/reviewed.js";
export { suggestOnly } from "./patterns/suggest-only.js";
export type { SuggestOnlyOptions } from "./patterns/suggest-only.js";
export { coAuthor, handOver } from "./patterns/take-turns.js";
export type { CoAuthorOptions, HandOverOptions, NextTurn } from "./patterns/take-turns.js";
export { vetoWindow } from "./patterns/veto-window.js";
export type { VetoWindowOptions } from "./patterns/veto-window.js";
export type { Gate } from "./patterns/gate-graph.js";
export { addGate } from "./patterns/add-gate.js";
export type { GraphBuilder, WithNode } from "./patterns/add-gate.js";
export { checkGraph } from "./patterns/check-graph.js";
export type { CheckGraphOptions, GraphFinding, GraphFindingName } from "./patterns/check-graph.js";
export { rollingAccuracy } from "./autonomy/stage-rule.js";
export type { RollingAccuracyOptions, StageRule, StageStep } from "./autonomy/stage-rule.js";
export { STAGE_TABLE } from "./autonomy/stage-table.js";
export type { StageRow, StageTable } from "./autonomy/stage-table.js";
export type { StageRecord } from "./autonomy/stage-record.js";
export type { Autonomy, StageReason } from "./nodes/autonomy.js";
export type { Stage, StageKey } from "./model/stage.js";
export type { PeoplesWord, SetCeilingRequest, SetStageRequest } from "./ledger/staging.js";
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
export { authority } from "./authority/authority.js";
export type {
  Authority,
  AuthorityDocument,
  AuthoritySource,
  LimitHolder,
  LimitRule,
  LimitSource,
  NeedRule,
  NeedSource,
  SegregationSource,
} from "./authority/authority.js";
export { localUser } from "./authority/local-user.js";
export { createAuthenticator } from "./authority/authenticator.js";
export type { Authenticator, Identity, Principal } from "./authority/authenticator.js";

export { loadPolicy } from "./policy/load-policy.js";
export { parsePolicy } from "./policy/parse.js";
export { policy } from "./policy/policy.js";
export { checkPolicy } from "./policy/check.js";
export type { PolicyCheck, PolicyFinding, PolicyFindingKind } from "./policy/check.js";
export { testPolicy } from "./policy/cases.js";
export type { PolicyCase, PolicyCaseResult, PolicyExpectation, PolicyTestReport } from "./policy/cases.js";
export { diffPolicies } from "./policy/diff.js";
export type { ComparedProposal, PolicyChange, PolicyDiff, PolicyMove } from "./policy/diff.js";
export type { Policy, PolicyOptions } from "./policy/policy.js";
export type { ConditionDocument, PartDocument, PolicyDocument, RuleDocument, TestDocument } from "./policy/document.js";
export type { DurationText } from "./policy/duration.js";
export { unenforced } from "./policy/unenforced.js";
export type { EscalationTerms, ReviewTerms, StepUp } from "./policy/review-terms.js";
export type {
  AmountTest,
  AmountText,
  AnyPart,
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
  TagsTest,
  TestsByType,
} from "./policy/source.js";
export type {
  CumulativeDocument,
  CumulativeScope,
  CumulativeTest,
  LimitsIn,
  RateDocument,
  RateTest,
  ScopeDocument,
  TimeDocument,
  TimeTest,
  Weekday,
} from "./policy/triggers.js";

export type { HandlingOptions, PageOptions, Queue } from "./nodes/queue.js";
export type { Distribution, DistributeOptions, DistributionStrategy } from "./nodes/distribute.js";
export type { DecidedTogether, DecideTogetherOptions } from "./nodes/decide-together.js";
export type {
  HandleRequest,
  HandleResult,
  Handling,
  Load,
  QueueFilter,
  QueueItem,
  QueueMetrics,
  QueueOrder,
  QueuePace,
  QueuePage,
  QueueRequest,
  QueueSettings,
  Urgency,
} from "./ledger/queueing.js";
export type { RegisterOptions, ReviewerDetails, Reviewers } from "./nodes/reviewers.js";
export type { Absence, Qualification, Reviewer } from "./model/reviewer.js";
export type { RegisterRequest, SeatsRequest } from "./ledger/registering.js";
export type { Agents, HaltOptions } from "./nodes/agents.js";
export { noveltyFrom } from "./nodes/novelty.js";
export type { NoveltyOptions } from "./nodes/novelty.js";
export type { Expired } from "./nodes/tick.js";
export type { Decided, DecideOptions, ReviewItem, Reviews } from "./nodes/reviews.js";
export type {
  AskRequest,
  ClaimRequest,
  ClaimResult,
  ClosedCase,
  DecideRequest,
  DecideResult,
  ExpireRequest,
  Ledger,
  NewProposal,
  PageRequest,
  RedraftRequest,
  RefuseRequest,
  WithdrawRequest,
  RerouteRequest,
  ReviewFilter,
  RouteRequest,
  SettleRequest,
  TakeRequest,
} from "./ledger/ledger.js";

export type { Case, CaseRecord } from "./model/case.js";
export type { ApprovalVerdict, Decision, Signature, Verdict } from "./model/decision.js";
export type { Amount, ExtraFact, Facts, HistoryQuery, PolicyInput } from "./model/facts.js";
export type { Outcome, OutcomeStatus } from "./model/outcome.js";
export type { Halt, HaltScope } from "./model/halt.js";
export type { Novelty } from "./model/novelty.js";
export type { FollowUpKind } from "./model/follow-up.js";
export type { NewFollowUp } from "./ledger/following.js";
export type { CaseQuery, HistoryRequest } from "./ledger/history.js";
export type { HaltRequest, LiftRequest } from "./ledger/halting.js";
export type { Permit } from "./model/permit.js";
export type { PrincipalRecord } from "./model/principal.js";
export type { Display, Json, Proposal, Round } from "./model/proposal.js";
export type { Address, Review, ReviewKind } from "./model/review.js";
export type { EscalationStep, Fallback, Panel, Quorum, Requirement, Selector, TieBreak } from "./model/requirement.js";
export type { Route, Routing } from "./model/routing.js";
export type { Trust, TrustLevel } from "./model/trust.js";
export type { AuditEvent, AuditKind, AuditRow } from "./model/audit-event.js";
export { systemClock } from "./model/clock.js";
export type { Clock } from "./model/clock.js";
export { oneLine, visibleText } from "./model/visible-text.js";
