/**
 * The audit log: showing one case, and checking that the log and the ledger's tables agree.
 *
 * @packageDocumentation
 */
export { checkAudit } from "./check-audit.js";
export type { AuditCheck, CheckAuditOptions } from "./check-audit.js";
export type { AuditProblem } from "./problems.js";
export { renderCase } from "./render-case.js";
export { showCase } from "./show-case.js";
export type { CaseReport, CaseReportRow } from "./show-case.js";
export type { FollowUpKind } from "../model/follow-up.js";
