import type { Case } from "../model/case.js";
import { identifier } from "../model/identifier.js";
import { reviewDigest } from "../model/proposal.js";
import type { Trust } from "../model/trust.js";
import { oneLine, visibleText } from "../model/visible-text.js";
import { inWords, peopleOf } from "../authority/allowed.js";
import type { Fallback } from "../model/requirement.js";
import type { Verdict } from "../model/decision.js";
import type { ReviewKind } from "../model/review.js";
import type { AnyAction } from "./assent.js";

/** What stands around the case in a payload. */
export interface PayloadParts {
  case: Case;
  action: AnyAction;
  gate: string;
  kind: ReviewKind;
  /** What a reviewer may say now. */
  verdicts: readonly Verdict[];
  trust: Trust;
  /** How long there is to decide from the first time it is asked, and what happens then. */
  terms: { withinMs: number | null; otherwise: Fallback };
  /** Why it is asked again, or null. */
  reason: string | null;
}

/**
 * The value a review pauses with. It speaks every dialect at once: Assent's own fields, LangChain v1 in camel case,
 * the same in snake case (agent-chat-ui, Agent Inbox) and the older `HumanInterrupt`. One action per interrupt, so no
 * client can answer several by position. Pure: the same case gives the same value.
 */
export function reviewPayload({ case: held, action, gate, kind, verdicts, trust, terms, reason }: PayloadParts) {
  const { proposal, round } = held;
  const { args, display } = round;
  const review = identifier("review", [proposal.id, round.round]);
  const howToDecide = instructions(trust, review, verdicts);
  const description = describe({ held, reason, howToDecide });
  const decisions = verdicts.map((verdict) => IN_LANGCHAIN[verdict]).filter((name) => name !== null);
  const { requires } = round.routing ?? {};
  const people = peopleOf(requires, held.review?.step ?? 0).map(inWords);
  return {
    summary: effectLine(round),
    kind,
    v: 1,
    review,
    proposal: proposal.id,
    round: round.round,
    gate,
    trust,
    digest: reviewDigest(proposal.id, round),
    reason,
    howToDecide,
    explanation: round.routing?.explanation ?? null,
    by: people.length === 0 ? null : people,
    ...(requires?.excludes !== undefined && { notBy: requires.excludes }),
    withinMs: terms.withinMs,
    otherwise: terms.withinMs === null ? null : terms.otherwise,
    reasonCodes: requires?.reasonCodes ?? null,
    agent: proposal.agent,
    requestedBy: proposal.requestedBy,
    facts: round.facts,
    context: display.context,
    action_requests: [{ name: proposal.action, args, arguments: args, description }],
    review_configs: [
      { action_name: proposal.action, allowed_decisions: decisions, args_schema: action.argsJsonSchema },
    ],
    actionRequests: [{ name: proposal.action, args, description }],
    reviewConfigs: [{ actionName: proposal.action, allowedDecisions: decisions, argsSchema: action.argsJsonSchema }],
    action_request: { action: proposal.action, args },
    config: {
      allow_accept: verdicts.includes("approve"),
      allow_edit: verdicts.includes("modify"),
      allow_respond: true,
      allow_ignore: false,
    },
    description,
    responseSchema: answerJsonSchema(action, kind, { verdicts, answer: requires?.answer ?? null }),
  };
}

/** What LangChain's clients call it; those who can only respond are answering, objecting or asking for changes. */
const IN_LANGCHAIN: Record<Verdict, string | null> = {
  approve: "approve",
  modify: "edit",
  reject: "reject",
  answer: "respond",
  revise: "respond",
  // It has no word for these; they are said in an answer of Assent's own.
  escalate: null,
  abstain: null,
};

/** What a native answer may say. */
export interface AnswerForm {
  verdicts: readonly Verdict[];
  /** JSON Schema of what a clarification is answered with, where the policy gives one. */
  answer: Record<string, unknown> | null;
}

/** JSON Schema of the native answer, for clients that draw a form. It describes; the gate itself checks. */
export function answerJsonSchema(action: AnyAction, kind: ReviewKind, form: AnswerForm): Record<string, unknown> {
  // References count from the root: the arguments' definitions move there, and their root becomes a property.
  const moved = JSON.stringify(action.argsJsonSchema).replaceAll('"$ref":"#"', '"$ref":"#/properties/args"');
  const { $defs, ...args } = JSON.parse(moved) as Record<string, unknown>;
  const { verdicts } = form;
  const asked =
    kind === "question" ? (args["properties"] as Record<string, unknown> | undefined)?.["answer"] : form.answer;
  return {
    title: verdicts.includes("approve") ? `Decide on ${action.name}` : `Answer ${action.name}`,
    type: "object",
    ...($defs === undefined ? {} : { $defs }),
    properties: {
      type: { type: "string", enum: [...verdicts], title: "Decision" },
      ...(verdicts.includes("modify") ? { args: { ...args, title: "New arguments (for modify)" } } : {}),
      ...(verdicts.includes("answer") ? { answer: { ...Object(asked), title: "Answer" } } : {}),
      note: { type: "string", title: verdicts.includes("revise") ? "Note (for revise: what has to change)" : "Note" },
      reasonCode: { type: "string", title: "Reason code" },
      as: { type: "string", title: "Who decides (a claim, in open trust)" },
      roles: { type: "array", items: { type: "string" }, title: "Their roles (a claim, in open trust)" },
      review: { type: "string", title: "The review that this answers" },
    },
    required: ["type"],
  };
}

const EXAMPLES: Record<Verdict, string> = {
  approve: '"approve", {"type":"approve","as":"ana"}',
  modify: '{"type":"modify","args":{…}}',
  reject: '{"type":"reject","note":"…"}',
  answer: '{"type":"answer","answer":…}',
  revise: '{"type":"revise","note":"…"}',
  escalate: '{"type":"escalate"}',
  abstain: '{"type":"abstain"}',
};

/** In words: the mode, and how to decide in it. */
export function instructions(trust: Trust, review: string, verdicts: readonly Verdict[]): string {
  if (trust === "open") {
    const [last = "", ...others] = verdicts.map((verdict) => EXAMPLES[verdict]).toReversed();
    return (
      `Open trust: whoever answers this interrupt decides, unverified. Resume with ${others.toReversed().join(", ")} or ` +
      `${last}; with several reviews, at once or one after the other, add "review":"${review}".`
    );
  }
  return (
    "Verified trust: an answer to this interrupt decides nothing. An authenticated person decides with " +
    `assent.reviews.decide("${review}", …); then resume with any value.`
  );
}

interface Description {
  held: Case;
  reason: string | null;
  howToDecide: string;
}

/** The text that clients show: the effect first, then why, then the agent's own words, quoted and made visible. */
function describe({ held: { proposal, round }, reason, howToDecide }: Description): string {
  const { context } = round.display;
  const words = context === null ? [] : [`${oneLine(proposal.agent, 100)} says:`, quote(context)];
  return [
    ...(reason === null ? [] : [`Asked again: ${visibleText(reason)}`]),
    effectLine(round),
    ...(round.routing === null ? [] : [round.routing.explanation]),
    ...words,
    howToDecide,
  ].join("\n\n");
}

/** The effect as one line: what stands in the arguments may not draw lines of its own around it. */
function effectLine({ display }: Case["round"]): string {
  return oneLine(display.summary, Number.POSITIVE_INFINITY);
}

function quote(context: unknown): string {
  const text = typeof context === "string" ? context : JSON.stringify(context, null, 2);
  return visibleText(text)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}
