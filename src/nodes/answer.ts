import { canonicalJson } from "../model/canonical-json.js";
import { AssentError, shown } from "../model/error.js";
import type { Verdict } from "../model/decision.js";
import type { ReviewKind } from "../model/review.js";
import { oneLine } from "../model/visible-text.js";
import { isPlainText } from "../ledger/plain-text.js";
import type { AnyAction } from "./assent.js";

/** An answer to a review's interrupt, whatever dialect it came in. */
export interface Answer {
  verdict: Verdict;
  args: unknown;
  /** What it answers to a question. */
  answer: unknown;
  note: string | null;
  reasonCode: string | null;
  /** Whom the answer claims to come from. */
  as: string | null;
  /** The roles that they claim to have. */
  roles: string[];
  /** The review it names. */
  review: string | null;
}

/** An answer, or why it is none. */
export type ParsedAnswer = { ok: true; answer: Answer } | { ok: false; reason: string };

const NOT_AN_ANSWER =
  'Answer with "approve", "reject", {"type":"approve"|"modify"|"reject", …}, {"decisions":[{…}]} or a HumanResponse.';

/**
 * Reads an answer in any dialect: native (`"approve"`, `{ type, args, note, reasonCode, as, review }`), LangChain's
 * `{ decisions: [...] }` in camel or snake case, a `HumanResponse` or an array of one, or a JSON string of these.
 * Never throws; free text is never an approval.
 */
export function parseAnswer(raw: unknown, action: AnyAction, kind: ReviewKind = "approval"): ParsedAnswer {
  try {
    canonicalJson(raw);
    const value = fromText(raw);
    // What a text holds is another value, with its own depth and its own broken characters.
    if (value !== raw) canonicalJson(value);
    return read(value, action, kind);
  } catch (error) {
    const why = AssentError.isInstance(error) ? `${error.code}: ${error.message}` : "unreadable";
    return refuse(`The answer is no plain JSON value (${why}).`);
  }
}

function read(value: unknown, action: AnyAction, kind: ReviewKind): ParsedAnswer {
  if (typeof value === "string") {
    const word = value.trim().toLowerCase();
    if (word === "approve" || word === "reject") return accept({ verdict: word });
    return refuse(`${oneLine(shown(value), 60)} is no decision. ${NOT_AN_ANSWER}`);
  }
  const single = unwrap(value);
  if (!single.ok) return single;
  return fromObject(single.fields, action, kind);
}

type Fields = Record<string, unknown>;

// What is said goes into the decision, its statement, the log and the case record, and each of these has its limits.
function isKeepable(name: string, said: string | null): boolean {
  return said === null || (said.length <= (name === "note" ? 8_000 : 200) && isPlainText(said));
}

function fromText(raw: unknown): unknown {
  if (typeof raw !== "string" || !/^\s*[[{"]/.test(raw)) return raw;
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return raw;
  }
}

/** Takes the one decision out of its wrappings. */
function unwrap(value: unknown): { ok: true; fields: Fields } | { ok: false; reason: string } {
  if (Array.isArray(value)) {
    if (value.length === 1) return unwrap(value[0]);
    return refuse(`A list of ${value.length} answers cannot be told apart: this review takes exactly one.`);
  }
  if (typeof value !== "object" || value === null) return refuse(NOT_AN_ANSWER);
  const fields = value as Fields;
  if (!("decisions" in fields)) return { ok: true, fields };
  const inner = fields["decisions"];
  if (!Array.isArray(inner)) return refuse("`decisions` must be a list of one decision.");
  const unwrapped = unwrap(inner);
  // The names of author and review may stand beside the list as well as inside it.
  return unwrapped.ok
    ? { ok: true, fields: { as: fields["as"], review: fields["review"], ...unwrapped.fields } }
    : unwrapped;
}

function fromObject(fields: Fields, action: AnyAction, kind: ReviewKind): ParsedAnswer {
  const roles = rolesIn(fields["roles"] ?? fields["role"]);
  if (roles === null) return refuse("`roles` are texts, ten at most.");
  const named = { as: text(fields["as"]), review: text(fields["review"]), reasonCode: text(fields["reasonCode"]) };
  const about = { ...named, roles };
  const isResponse = fields["type"] === "response" || fields["type"] === "respond";
  const note = text(fields["note"]) ?? text(fields["message"]) ?? (isResponse ? text(fields["args"]) : null);
  const unkeepable = Object.entries({ ...named, note }).find(([name, said]) => !isKeepable(name, said));
  if (unkeepable !== undefined)
    return refuse(`The ${unkeepable[0]} is too long, or holds characters that cannot be kept.`);
  switch (fields["type"]) {
    case "approve":
    case "accept":
      return accept({ ...about, note, verdict: "approve" });
    case "reject":
      return accept({ ...about, note, verdict: "reject" });
    case "revise":
    case "escalate":
    case "abstain":
      return accept({ ...about, note, verdict: fields["type"] });
    case "answer":
      return accept({ ...about, note, verdict: "answer", answer: fields["answer"] });
    case "response":
    case "respond":
      return responded(fields["args"] ?? note, { ...about, note }, kind);
    case "modify":
      return modification(action.name, fields["args"], { ...about, note }, action);
    case "edit": {
      const edited = (fields["editedAction"] ?? fields["edited_action"] ?? fields["args"]) as Fields | null | undefined;
      const name = edited?.["name"] ?? edited?.["action"];
      return modification(name, edited?.["args"], { ...about, note }, action);
    }
    case "ignore":
      return refuse("Ignoring decides nothing: approve, modify or reject.");
    default:
      return refuse(`${oneLine(shown(fields["type"]), 60)} is no kind of decision. ${NOT_AN_ANSWER}`);
  }
}

/** Words in the one box that such clients have: an answer where something was asked, wishes where a draft is shown. */
function responded(said: unknown, about: Partial<Answer>, kind: ReviewKind): ParsedAnswer {
  if (kind === "question" || kind === "clarification")
    return accept({ ...about, verdict: "answer", answer: fromText(said) });
  return accept({ ...about, verdict: kind === "refinement" ? "revise" : "reject" });
}

function rolesIn(value: unknown): string[] | null {
  if (value === undefined || value === null) return [];
  const roles: unknown[] = Array.isArray(value) ? value : [value];
  const areTexts = roles.length <= 10 && roles.every((role) => typeof role === "string" && isKeepable("role", role));
  return areTexts ? (roles as string[]) : null;
}

function modification(name: unknown, args: unknown, about: Partial<Answer>, action: AnyAction): ParsedAnswer {
  if (name !== action.name) {
    return refuse(`An edit may change the arguments of "${action.name}", not the action itself.`);
  }
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    return refuse("A modification needs the whole new arguments, as an object.");
  }
  return accept({ ...about, verdict: "modify", args: coercedArgs(args as Fields, action) });
}

/** Some clients send every value of a form as text; where a text does not fit the schema, its JSON value may. */
export function coercedArgs(args: Fields, action: AnyAction): Fields {
  const parsed = action.args.safeParse(args);
  if (parsed.success) return args;
  const misfits = new Set<unknown>(parsed.error.issues.map(({ path }: { path: PropertyKey[] }) => path[0]));
  const entries = Object.entries(args).map(([key, value]) => [key, misfits.has(key) ? asJson(value) : value] as const);
  const read = Object.fromEntries(entries);
  return action.args.safeParse(read).success ? read : args;
}

function asJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function accept(answer: Partial<Answer> & Pick<Answer, "verdict">): ParsedAnswer {
  return {
    ok: true,
    answer: {
      args: undefined,
      answer: undefined,
      note: null,
      reasonCode: null,
      as: null,
      roles: [],
      review: null,
      ...answer,
    },
  };
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
