import { inWords } from "../authority/allowed.js";
import { whyAltered } from "../authority/standing.js";
import { panelsOf } from "../authority/votes.js";
import type { QueueItem } from "../ledger/queueing.js";
import { type Verdict, readable } from "../model/decision.js";
import type { Panel } from "../model/requirement.js";
import { verdictsFor } from "../model/review.js";
import { oneLine } from "../model/visible-text.js";
import type { ReviewItem } from "../nodes/reviews.js";
import type { Json } from "../model/proposal.js";
import type { AnswerForm } from "./answer-form.js";
import { fieldsOf } from "./json-schema.js";
import { linesOf, spacedJson, type Page } from "./page.js";
import { renderItem } from "./review-screen.js";

/** What a reviewer may do with a review from here. */
export interface Ways {
  /** Why nothing can be said; null if something can. */
  why: string | null;
  verdicts: Verdict[];
  /** The whole command lines, as lines that may be pasted together. */
  commands: string[][];
}

/** How a review can be decided from the command line, with the configuration that was named. */
export function waysOf({ review, case: held }: ReviewItem, config: string | undefined): Ways {
  const none = (why: string): Ways => ({ why, verdicts: [], commands: [] });
  if (review.status !== "open") return none(`The review is ${review.status}: nothing is left to decide.`);
  if (review.round !== held.round.round) {
    return none(`The review is of round ${review.round}; the case is in round ${held.round.round} by now.`);
  }
  const altered = whyAltered(held.round);
  if (altered !== null) return none(`It cannot be decided: ${altered}. Find out who changed the ledger's rows.`);
  const { requires } = held.round.routing ?? {};
  const verdicts = verdictsFor(review.kind, requires, review);
  const code = requires?.reasonCodes === null || requires === undefined ? "" : " --reason-code CODE";
  const from = config === undefined ? "" : ` --config ${quotedForShell(config)}`;
  const commands = verdicts.map((verdict) => {
    const isFinding = review.kind === "reconciliation" && verdict === "answer";
    const more = `${isFinding ? FINDING : MORE[verdict]}${code}`;
    // The digest alone fills a line of 80 columns.
    const middle = `${more}${from}` === "" ? [] : [`  ${`${more}${from}`.trim()} \\`];
    return [`npx assent review ${verdict} ${review.id} \\`, ...middle, `--digest ${review.digest}`];
  });
  return { why: null, verdicts, commands };
}

/** What each takes besides the digest. None of it is taken as it stands, should somebody run it without filling it in. */
const MORE: Record<Verdict, string> = {
  approve: "",
  modify: " --args @FILE",
  reject: "",
  answer: " --answer JSON",
  revise: ' --note "$NOTE"',
  escalate: "",
  abstain: "",
};

/** How a reconciliation is answered. */
const FINDING = ` --answer '{"happened":"HAPPENED","evidence":"EVIDENCE"}'`;

function quotedForShell(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${oneLine(text, Infinity).replaceAll("'", `'\\''`)}'`;
}

/** What is known of a review besides itself. */
export interface Known {
  queued: QueueItem | null;
  ways: Ways;
  /** What form the answer has, or why that is not known; null where it has none. */
  form: AnswerForm | string | null;
  /** Why whoever looks may not decide on it; null if they may. */
  whyNotYours: string | null;
}

/** A review as `assent review show` prints it: what is decided on, who is asked, what may be said and how. */
export function renderReview(item: ReviewItem, known: Known, page: Page): string {
  const { columns, paint } = page;
  const { queued, ways, whyNotYours } = known;
  const isCurrent = item.review.round === item.case.round.round;
  const parts = [
    ...(isCurrent ? [renderItem(item, columns, paint, Infinity)] : []),
    ...(isCurrent ? factsOf(item, page) : []),
    ...(answeredIn(item) === null ? [] : [linesOf(item.case.round.display.summary, columns, "", paint.bold)]),
    termsOf(item, queued, page),
    ...saidOn(item, page),
    ...(whyNotYours === null ? [] : [linesOf(`Not yours to decide: ${whyNotYours}.`, columns, "", paint.bold)]),
    ...(ways.why === null ? waysIn(item, known, page) : [linesOf(ways.why, columns, "", paint.bold)]),
  ];
  return parts.join("\n\n");
}

function factsOf({ case: held }: ReviewItem, { columns, paint }: Page): string[] {
  const { facts } = held.round.display;
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  if (known.length === 0) return [];
  const lines = known.map(([name, value]) => linesOf(`${name}: ${spacedJson(value)}`, columns, "  "));
  return [[paint.dim("Facts that the policy went by:"), ...lines].join("\n")];
}

function termsOf({ review, case: held }: ReviewItem, queued: QueueItem | null, { columns, paint }: Page): string {
  const { requires } = held.round.routing ?? {};
  const { kind, status, trust, askedAt, deadlineAt, otherwise, step } = review;
  const codes = requires?.reasonCodes ?? null;
  const excluded = queued?.keptFrom ?? requires?.excludes ?? [];
  const isCurrent = review.round === held.round.round;
  const rows: [string, string | null][] = [
    ["kind", `${kind}, ${status}, in ${trust} trust`],
    ["asked", askedAt],
    ["due", deadlineAt === null ? "at no time" : `${deadlineAt}; otherwise ${otherwise}`],
    ["step", step === 0 ? null : `${step} of the escalation`],
    ["asks for", isCurrent ? panelsOf(requires, step).map(panelInWords).join("; and ") : null],
    ["not", excluded.length === 0 ? null : excluded.join(", ")],
    ["reasons", codes === null ? null : codes.join(", ")],
    ["whose", queued?.assignee ?? null],
    ["claimed", queued?.claim ? `by ${queued.claim.by} until ${queued.claim.until}` : null],
    ["aside", queued?.snoozedUntil ? `until ${queued.snoozedUntil}` : null],
    ["digest", review.digest],
  ];
  return rows.flatMap(([name, text]) => (text === null ? [] : [row(name, text, columns, paint.dim)])).join("\n");
}

const LABEL_COLUMNS = 9;

/** A label and a text; what does not fit beside it goes on below, a little to the right. */
function row(name: string, text: string, columns: number, dim: (text: string) => string): string {
  const indent = " ".repeat(LABEL_COLUMNS);
  // A digest is to be copied, so it is not broken.
  const beside = name === "digest" ? oneLine(text, Infinity) : linesOf(text, columns, indent).slice(LABEL_COLUMNS);
  return `${dim(name.padEnd(LABEL_COLUMNS))}${beside}`;
}

function panelInWords({ by, quorum }: Panel): string {
  const who = by.length === 0 ? "anybody who may decide" : inWords(by);
  return quorum === "any" ? who : `${who} (${quorum})`;
}

/** What was said on a review that is over; on an open one nobody sees it. */
function saidOn({ review, case: held }: ReviewItem, { columns, paint }: Page): string[] {
  if (review.status === "open") return [];
  const about = readable(held.decisions).filter(({ reviewId }) => reviewId === review.id);
  const answered = answeredIn({ review, case: held });
  const lines = about.map(({ id, by, verdict, decidedAt, note, reasonCode }) => {
    const why = [reasonCode, note].filter((text) => text !== null).join(": ");
    const what = answered?.id === id ? ` ${spacedJson(answered.answer)}` : "";
    return linesOf(`${by.name}: ${verdict}${what}, at ${decidedAt}${why === "" ? "" : `, ${why}`}`, columns, "  ");
  });
  return lines.length === 0 ? [] : [[paint.dim("What was said:"), ...lines].join("\n")];
}

/** What was answered on a review, and by which decision; null where nothing was, or the case has gone on since. */
function answeredIn({ review, case: held }: ReviewItem): { id: string; answer: Json } | null {
  const { round } = held;
  const made = readable(held.decisions).find(
    ({ reviewId, verdict, newArgsDigest }) =>
      reviewId === review.id && verdict === "answer" && newArgsDigest === round.argsDigest,
  );
  // A question's answer is one of the arguments; with what was clarified, others are.
  const from = review.kind === "question" ? round.args : (Object(round.display.context) as Record<string, Json>);
  const answer = from["answer"];
  return made === undefined || answer === undefined ? null : { id: made.id, answer };
}

const HOW_TO_SAY = "What may be said, with --note TEXT if you like:";
const HOW_TO_FIND =
  "Find out what happened, and say it with what shows it. HAPPENED is executed (it took effect), failed (it did not) " +
  "or again (it did not: run it again, if somebody approves that):";

function waysIn({ review }: ReviewItem, { ways, form }: Known, page: Page): string[] {
  const { columns, paint } = page;
  const { commands } = ways;
  if (commands.length === 0) return [linesOf("Nothing can be said to it from here.", columns, "")];
  return [
    ...(form === null ? [] : [formIn(form, page)]),
    linesOf(review.kind === "reconciliation" ? HOW_TO_FIND : HOW_TO_SAY, columns, "", paint.dim),
    ...commands.map((lines) => lines.join("\n")),
  ];
}

/** The form of an answer, a line for each field, and an example: apart from the command line, so that nobody gives it. */
function formIn(form: AnswerForm | string, { columns, paint }: Page): string {
  if (typeof form === "string") return linesOf(form, columns, "", paint.bold);
  const { schema, example } = form;
  const fields = fieldsOf(schema).map(({ name, words }) =>
    linesOf(`${name === "" ? "" : `${name}: `}${words}`, columns, "  "),
  );
  const such = example === null ? [] : [linesOf(`such as ${spacedJson(JSON.parse(example))}`, columns, "  ")];
  return [linesOf("What is answered, as JSON:", columns, "", paint.dim), ...fields, ...such].join("\n");
}
