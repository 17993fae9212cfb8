import { z } from "zod";
import { defineAction, type Action } from "../model/action.js";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import type { Assent } from "../nodes/assent.js";
import { declare } from "../nodes/declared.js";
import type { GateOptions } from "../nodes/gate-settings.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** What an answer says about itself. */
export interface Answered {
  /** Who answered. */
  by: string | null;
  /** True if nobody vouches for who that was (open trust). */
  unverified: boolean;
  /** The case record's id. */
  auditId: string;
}

/** Options of {@link askHuman}. `State` is the state of your graph. */
export interface AskHumanOptions<Answer extends z.ZodType, State = Record<string, never>> extends GateTerms {
  /** The question, from your state. */
  question: string | ((state: State) => string);
  /** Whether there is anything to ask at all; always unless said. */
  asks?: (state: State) => boolean;
  /** What helps to answer it: plain JSON, shown beside the question. */
  context?: (state: State) => unknown;
  /** The form of the answer: what JSON Schema can express, so no transforms and no dates. */
  answer: Answer;
  /** What becomes of the answer in your state. */
  into?: (answer: z.output<Answer>, said: Answered) => Record<string, unknown>;
  /** What becomes of it in your state if nobody answers: the case was rejected, or its time is over. */
  unanswered?: (outcome: Outcome) => Record<string, unknown>;
}

/**
 * A person as a resource: missing information, expert judgement, what was meant. A gate that asks one question and hands
 * the typed answer on with who gave it. The question names who may answer, until when, and what happens otherwise:
 * `hold` (the thread waits on), or `reject` (it goes on without an answer).
 *
 * A question is a proposal like any other, of an action that the gate brings along, so an answer is decided, signed and
 * logged like an approval. In a loop, every pass asks anew.
 *
 * @throws AssentError `gate_invalid` for a duration that is none, or `otherwise: "execute"`: nothing can be answered in
 *   nobody's name; `action_invalid` for an answer that JSON Schema cannot express.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, askHuman, createAssent, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ client: z.string(), limit: z.number().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const limit = askHuman(assent, {
 *   question: (s: z.infer<typeof State>) => `What is the approval limit for ${s.client}?`,
 *   answer: z.object({ limit: z.number() }),
 *   by: [{ role: "account-manager" }],
 *   within: "PT4H",
 *   into: (answer) => ({ limit: answer.limit }),
 * });
 * export const graph = addGate(new StateGraph(State), "ask", limit).addEdge(START, "ask").compile();
 * ```
 */
export function askHuman<Answer extends z.ZodType, State = Record<string, never>>(
  assent: Assent,
  options: AskHumanOptions<Answer, State>,
): Gate {
  const { question, context, answer, into, unanswered, asks = () => true } = options;
  return {
    build: (name) =>
      questionGate(assent, {
        name,
        answer,
        terms: termsIn(options),
        asked: (state) =>
          asks(state as State)
            ? {
                question: typeof question === "string" ? question : question(state as State),
                about: context?.(state as State) ?? null,
              }
            : null,
        into(outcome) {
          if (outcome.status !== "executed") return unanswered?.(outcome) ?? {};
          const { decidedBy: by, unverified, auditId } = outcome;
          return into?.(outcome.result as z.output<Answer>, { by, unverified, auditId }) ?? {};
        },
      }),
  };
}

/** One question. */
export interface Question {
  question: string;
  /** What helps to answer it; null for nothing. */
  about: unknown;
  /** Names it within its thread; the pass of its gate unless said. */
  key?: string;
}

/** What a gate that asks a question is made of. */
export interface QuestionGate<Answer extends z.ZodType> extends Pick<GateOptions, "into"> {
  name: string;
  answer: Answer;
  terms: GateTerms;
  /** What is asked, from what the gate is handed; null for nothing. */
  asked: (state: Record<string, unknown>) => Question | null;
}

/**
 * The subgraph that asks a question.
 *
 * @throws AssentError as {@link askHuman} does.
 */
export function questionGate<Answer extends z.ZodType>(
  assent: Assent,
  { name, answer, terms, asked, into }: QuestionGate<Answer>,
): ReturnType<typeof gateGraph> {
  if (terms.otherwise === "execute") {
    throw new AssentError("gate_invalid", {
      what: "A question that nobody answers has no answer to go on with",
      where: `gate ${name}`,
      fix: 'Say otherwise: "hold" or "reject"',
    });
  }
  const action = questionAction(name, answer);
  declare(assent, action);
  const requires = gateRequirement(name, terms);
  return gateGraph(
    assent,
    {
      name,
      action: action.name,
      kind: "question",
      tighten: () => ({ route: "review", because: "A person is asked.", requires }),
      ...(into === undefined ? {} : { into }),
    },
    {
      seed: asked,
      async propose(seed, pass) {
        if (seed === null) return { proposals: [] };
        const { question, about, key = pass } = seed as Question;
        return assent.propose(action, { question }, { key, ...(about === null ? {} : { context: about }) });
      },
    },
  );
}

const questionArgs = <Answer extends z.ZodType>(answer: Answer) =>
  z.object({ question: z.string(), answer: answer.optional() });

/** What an answered question does: nothing but hand the answer on. */
function questionAction<Answer extends z.ZodType>(gate: string, answer: Answer): Action {
  return defineAction({
    name: actionName("ask", gate),
    args: questionArgs(answer),
    summary: ({ question }) => question,
    idempotent: true,
    run: ({ answer: said }) => said ?? null,
  }) as unknown as Action;
}

/** The name of an action that a gate brings along. */
export function actionName(kind: string, gate: string): string {
  const plain = gate.replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return `${kind}.${plain}`.slice(0, 64);
}
