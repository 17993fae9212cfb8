import type { AuditEvent } from "../model/audit-event.js";
import type { CaseRecord } from "../model/case.js";
import { oneLine } from "../model/visible-text.js";
import type { CaseReport, CaseReportRow } from "./show-case.js";
import { wrapText } from "./wrap-text.js";

const COLUMNS = 80;
const LABEL_COLUMNS = 14;
const ROW_COLUMNS = 43;

/**
 * A case as plain text for a terminal of 80 columns. Whatever came from an agent, a reviewer or an action is shown
 * with its hidden characters made visible, so it can neither move the cursor nor pass for another line's label.
 */
export function renderCase({ auditId, proposalId, record, rows, withheld, integrity, ...related }: CaseReport): string {
  const { agent_action: action, outcome } = record;
  const lines = [
    `Case ${auditId}`,
    ...field("Proposal", proposalId),
    ...field("Thread", action.thread_id),
    ...field("Proposed", record.timestamp),
    ...field("Agent", action.requested_by === null ? action.agent : `${action.agent}, for ${action.requested_by}`),
    ...field("Action", action.type),
    ...field("Effect", action.summary),
    ...field("Arguments", JSON.stringify(action.args, null, 2)),
    ...field("Facts", JSON.stringify(action.facts, null, 2)),
    ...field("Routing", routingOf(action)),
    ...reviewLines(record),
    ...outcomeLines(outcome),
    ...relatedLines(related),
    "",
    "Log",
    ...rows.flatMap(rowLines),
    "",
    ...(withheld === 0 ? [] : wrapText(WITHHELD, COLUMNS)),
    ...wrapText(INTEGRITY[integrity], COLUMNS),
  ];
  return lines.join("\n");
}

const WITHHELD = "What was said to the open review is not shown while others may still vote on it.";

const INTEGRITY: Record<CaseReport["integrity"], string> = {
  open: "The case is open; its record is not stored yet.",
  matches: "The stored record is the one that the log's closing row binds.",
  differs: "BROKEN: the stored record is not the one that the log's closing row binds.",
  missing: "BROKEN: the closed case lacks its stored record, or the log its closing row.",
};

function relatedLines({ appeal, followUps, after }: Pick<CaseReport, "appeal" | "followUps" | "after">): string[] {
  const of = after === null || after.proposalId === null ? "" : ` of proposal ${after.proposalId}`;
  return [
    ...(after === null ? [] : field("Follow-up", `${after.kind}${of}`)),
    ...(appeal === null ? [] : field("Appeal", `${appeal.status}, proposal ${appeal.proposalId}`)),
    ...followUps.flatMap(({ kind, status, proposalId }) =>
      field("Followed by", `${kind}: ${status}, proposal ${proposalId}`),
    ),
  ];
}

function field(label: string, text: string): string[] {
  return wrapText(text, COLUMNS - LABEL_COLUMNS).map((line, index) =>
    `${(index === 0 ? `  ${label}` : "").padEnd(LABEL_COLUMNS)}${line}`.trimEnd(),
  );
}

function routingOf({ route, rules }: CaseRecord["agent_action"]): string {
  if (route === null) return "not yet";
  return rules.length === 0 ? `${route}, by no rule of its own` : `${route}, by ${rules.join(", ")}`;
}

function reviewLines({ human_intervention: human }: CaseRecord): string[] {
  if (human === null) return field("Reviewer", "nobody");
  const { reviewer, level, decision, timestamp, reason_code, notes } = human;
  return [
    ...field("Reviewer", `${reviewer} (${level})`),
    ...field("Decision", `${decision}, ${timestamp}`),
    ...(reason_code === null ? [] : field("Reason code", reason_code)),
    ...(notes === null ? [] : field("Note", notes)),
  ];
}

function outcomeLines(outcome: CaseRecord["outcome"]): string[] {
  if (outcome === null) return field("Outcome", "none yet");
  const { reason, result } = outcome;
  return [
    ...field("Outcome", `${plain(outcome["status"])}, ${plain(outcome["at"])}`),
    ...(reason === undefined ? [] : field("Reason", plain(reason))),
    ...(result === undefined ? [] : field("Result", JSON.stringify(result, null, 2))),
  ];
}

function rowLines({ seq, event, kind }: CaseReportRow): string[] {
  const at = event === null ? "?" : oneLine(event.at.replace("T", " ").replace(/\.\d+Z$/, "Z"), 20);
  const head = `${String(seq).padStart(8)}  ${at.padEnd(20)}  ${kind}`;
  const text = event === null ? "The entry cannot be read." : tell(event);
  return wrapText(text, COLUMNS - ROW_COLUMNS).map((line, index) =>
    `${(index === 0 ? head : "").padEnd(ROW_COLUMNS)}${line}`.trimEnd(),
  );
}

/** What a row adds to its kind, in a few words. */
function tell({ kind, data }: AuditEvent): string {
  const said = (key: string): string => plain(data[key]);
  const reason = data["reason"] === undefined || data["reason"] === null ? "" : `: ${said("reason")}`;
  switch (kind) {
    case "proposed":
      return `${said("action")}, by ${said("agent")}`;
    case "routed":
      return `${said("route")}, round ${said("round")}`;
    case "asked":
      return `${said("review")}${reason}`;
    case "decided":
      return `${said("verdict")}, by ${nameIn(data["by"])}`;
    case "expired":
      return `${said("review")}, otherwise ${said("otherwise")}`;
    case "withdrawn":
      return `${said("review")}${reason}`;
    case "redrafted":
      return `round ${said("round")}`;
    case "permitted":
      return `${said("permit")} on ${said("basis")}`;
    case "claimed":
      return `${said("permit")} by ${said("owner")}`;
    case "refused":
      return `${said("what")}${reason}`;
    case "executed":
      return "";
    case "failed":
    case "closed":
      return `${said("status")}${reason}`;
    case "handled":
      return said("what");
    case "halted":
      return `${said("kind")}${reason}`;
    case "staged":
    case "lifted":
    case "registered":
      return said("reason");
    default:
      return kind satisfies never;
  }
}

function nameIn(by: unknown): string {
  const { name, level } = (by ?? {}) as { name?: unknown; level?: unknown };
  return `${plain(name)} (${plain(level)})`;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
