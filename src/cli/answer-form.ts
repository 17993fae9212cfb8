import { verdictsFor } from "../model/review.js";
import { actionOf } from "../nodes/actions.js";
import type { AnyAction, Assent } from "../nodes/assent.js";
import { answerJsonSchema } from "../nodes/payload.js";
import type { ReviewItem } from "../nodes/reviews.js";
import { exampleOf, type JsonSchema } from "./json-schema.js";

/** The form that an answer has. */
export interface AnswerForm {
  schema: JsonSchema;
  /** An answer that fits, as JSON; null where none is found. */
  example: string | null;
}

/**
 * The form of the answer that a review asks for, as the gate itself tells it; in words why it cannot be told; null where
 * there is none: nothing is answered, or whatever is said will do. Never throws.
 */
export function answerFormOf(assent: Assent, item: ReviewItem): AnswerForm | string | null {
  const { review, case: held } = item;
  const { requires } = held.round.routing ?? {};
  const isAsked = review.status === "open" && verdictsFor(review.kind, requires, review).includes("answer");
  // What a reconciliation is answered with is the same for all actions.
  if (!isAsked || review.kind === "reconciliation") return null;
  // What is clarified has the form that the policy gives it; without one, whatever is said will do.
  if (review.kind === "clarification") {
    const schema = requires?.answer ?? null;
    return schema === null ? null : { schema, example: textOf(exampleOf(schema)) };
  }
  const { action: name } = held.proposal;
  try {
    const action = actionOf(assent, name);
    if (action === undefined) {
      return (
        `What form the answer has is not known here: there is no action "${name}" in this configuration. ` +
        "Import the graph whose gate asks there, and it is shown."
      );
    }
    const schema = schemaOf(action);
    return Object.keys(schema).length === 0 ? null : { schema, example: exampleFor(action, item, schema) };
  } catch {
    return `What form the answer has cannot be told: the action "${name}" has no schema that can be read here.`;
  }
}

function schemaOf(action: AnyAction): JsonSchema {
  const { properties, $defs } = answerJsonSchema(action, "question", { verdicts: ["answer"], answer: null });
  const { title: _, ...asked } = (properties as { answer: JsonSchema }).answer;
  const isReferring = JSON.stringify(asked).includes('"$ref"');
  return { ...asked, ...(isReferring && $defs !== undefined && { $defs }) };
}

/** An answer that the gate would take, so that it can be seen how one is written. */
function exampleFor(action: AnyAction, { case: held }: ReviewItem, schema: JsonSchema): string | null {
  const example = textOf(exampleOf(schema));
  if (example === null) return null;
  try {
    const answer: unknown = JSON.parse(example);
    return action.args.safeParse({ ...held.round.args, answer }).success ? example : null;
  } catch {
    // A check of the schema's own threw.
    return null;
  }
}

function textOf(example: unknown): string | null {
  return example === undefined ? null : JSON.stringify(example);
}
