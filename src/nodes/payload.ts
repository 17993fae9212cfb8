import type { Case } from "../model/case.js";
import { identifier } from "../model/identifier.js";
import { reviewDigest } from "../model/proposal.js";
import type { Trust } from "../model/trust.js";
import { oneLine, visibleText } from "../model/visible-text.js";
import type { AnyAction } from "./assent.js";

/** What stands around the case in a payload. */
export interface PayloadParts {
  case: Case;
  action: AnyAction;
  gate: string;
  trust: Trust;
  /** Why it is asked again, or null. */
  reason: string | null;
}

/**
 * The value a review pauses with. It speaks every dialect at once: Assent's own fields, LangChain v1 in camel case,
 * the same in snake case (agent-chat-ui, Agent Inbox) and the older `HumanInterrupt`. One action per interrupt, so no
 * client can answer several by position. Pure: the same case gives the same value.
 */
export function reviewPayload({ case: held, action, gate, trust, reason }: PayloadParts) {
  const { proposal, round } = held;
  const { args, display } = round;
  const review = identifier("review", [proposal.id, round.round]);
  const howToDecide = instructions(trust, review);
  const description = describe({ held, reason, howToDecide });
  const decisions = ["approve", "edit", "reject"];
  return {
    summary: effectLine(round),
    kind: "approval",
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
    config: { allow_accept: true, allow_edit: true, allow_respond: true, allow_ignore: false },
    description,
    responseSchema: answerJsonSchema(action),
  };
}

/** JSON Schema of the native answer, for clients that draw a form. It describes; the gate itself checks. */
export function answerJsonSchema(action: AnyAction): Record<string, unknown> {
  // References count from the root: the arguments' definitions move there, and their root becomes a property.
  const moved = JSON.stringify(action.argsJsonSchema).replaceAll('"$ref":"#"', '"$ref":"#/properties/args"');
  const { $defs, ...args } = JSON.parse(moved) as Record<string, unknown>;
  return {
    title: `Decide on ${action.name}`,
    type: "object",
    ...($defs === undefined ? {} : { $defs }),
    properties: {
      type: { type: "string", enum: ["approve", "modify", "reject"], title: "Decision" },
      args: { ...args, title: "New arguments (for modify)" },
      note: { type: "string", title: "Note" },
      reasonCode: { type: "string", title: "Reason code" },
      as: { type: "string", title: "Who decides (a claim, in open trust)" },
      review: { type: "string", title: "The review that this answers" },
    },
    required: ["type"],
  };
}

/** In words: the mode, and how to decide in it. */
export function instructions(trust: Trust, review: string): string {
  if (trust === "open") {
    return (
      'Open trust: whoever answers this interrupt decides, unverified. Resume with "approve", ' +
      '{"type":"approve","as":"ana"}, {"type":"modify","args":{…}} or {"type":"reject","note":"…"}; ' +
      `with several reviews, at once or one after the other, add "review":"${review}".`
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
