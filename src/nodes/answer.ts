import { canonicalJson } from "../model/canonical-json.js";
import { AssentError } from "../model/error.js";
import type { ApprovalVerdict } from "../model/decision.js";
import { visibleText } from "../model/visible-text.js";
import type { AnyAction } from "./assent.js";

/** An answer to a review's interrupt, whatever dialect it came in. */
export interface Answer {
  verdict: ApprovalVerdict;
  args: unknown;
  note: string | null;
  reasonCode: string | null;
  /** Whom the answer claims to come from. */
  as: string | null;
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
export function parseAnswer(raw: unknown, action: AnyAction): ParsedAnswer {
  try {
    canonicalJson(raw);
  } catch (error) {
    return refuse(`The answer is no plain JSON value (${AssentError.isInstance(error) ? error.code : "unreadable"}).`);
  }
  const value = fromText(raw);
  if (typeof value === "string") {
    const word = value.trim().toLowerCase();
    if (word === "approve" || word === "reject") return accept({ verdict: word });
    return refuse(`${JSON.stringify(visibleText(value).slice(0, 60))} is no decision. ${NOT_AN_ANSWER}`);
  }
  const single = unwrap(value);
  if (!single.ok) return single;
  return fromObject(single.fields, action);
}

type Fields = Record<string, unknown>;

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

function fromObject(fields: Fields, action: AnyAction): ParsedAnswer {
  const about = { as: text(fields["as"]), review: text(fields["review"]), reasonCode: text(fields["reasonCode"]) };
  const note = text(fields["note"]) ?? text(fields["message"]);
  switch (fields["type"]) {
    case "approve":
    case "accept":
      return accept({ ...about, note, verdict: "approve" });
    case "reject":
      return accept({ ...about, note, verdict: "reject" });
    case "response":
    case "respond":
      return accept({ ...about, note: note ?? text(fields["args"]), verdict: "reject" });
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
      return refuse(
        `${JSON.stringify(visibleText(String(fields["type"])).slice(0, 60))} is no kind of decision. ${NOT_AN_ANSWER}`,
      );
  }
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

/** Some clients send every value of a form as text; where the text does not fit the schema, its JSON value may. */
export function coercedArgs(args: Fields, action: AnyAction): Fields {
  if (action.args.safeParse(args).success) return args;
  const read = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, asJson(value)]));
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
  return { ok: true, answer: { args: undefined, note: null, reasonCode: null, as: null, review: null, ...answer } };
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
