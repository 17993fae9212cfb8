import { tool, type StructuredTool } from "@langchain/core/tools";
import { isParentCommand, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import type { Assent } from "../nodes/assent.js";
import { questionGate } from "./ask-human.js";
import { termsIn, type GateTerms } from "../nodes/terms.js";

/** Options of {@link askHumanTool}. */
export interface AskHumanToolOptions<Answer extends z.ZodType> extends GateTerms {
  /** What the model calls it; `ask_human` unless said. */
  name?: string;
  /** What tells the model when to use it. */
  description?: string;
  /** The form of the answer: what JSON Schema can express; one text unless said. */
  answer?: Answer;
}

const Asked = z.object({
  question: z.string().describe("One question, in words that a person understands who has not seen the conversation"),
  context: z.string().optional().describe("What they need to know to answer it"),
});

const DESCRIPTION =
  "Asks a person for what you cannot know or should not decide: missing information, a judgement, what was meant. " +
  "The answer may take long. It is null if nobody answered; do not make one up then.";

/**
 * A person as a resource, as a tool that a model calls: the same question as of `askHuman`, recorded, decided, signed and
 * logged like any other. The graph that the tool runs in pauses until somebody answers; the model then gets
 * `{"answer": …, "by": "ana"}`, or `{"answer": null, "because": …}`.
 *
 * A call is one question however often the node runs again. Of several calls in one message, LangGraph's `ToolNode`
 * shows one question after the other.
 *
 * @throws AssentError as `askHuman` does; when it is called: `thread_missing` without a checkpointer and a thread,
 *   `key_required` where the call has no id, for it is what tells one question from the next.
 *
 * @example
 * ```ts
 * import { askHumanTool, createAssent, memoryLedger, policy } from "assent";
 * import { ToolNode } from "@langchain/langgraph/prebuilt";
 * import { z } from "zod";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const askPhysician = askHumanTool(assent, {
 *   name: "ask_physician",
 *   answer: z.object({ diagnosis: z.string() }),
 *   by: [{ role: "physician" }],
 *   within: "PT2H",
 *   otherwise: "reject",
 * });
 * export const tools = new ToolNode([askPhysician]);
 * ```
 */
export function askHumanTool<Answer extends z.ZodType = z.ZodString>(
  assent: Assent,
  options: AskHumanToolOptions<Answer> = {},
): StructuredTool {
  const { name = "ask_human", description = DESCRIPTION, answer = z.string() } = options;
  const gate = questionGate(assent, {
    name,
    answer,
    terms: termsIn(options),
    asked: (handed) => handed as unknown as { question: string; about: unknown; key: string },
  });
  return tool(
    async ({ question, context = null }, config: LangGraphRunnableConfig & { toolCall?: { id?: string } }) => {
      const call = config.toolCall?.id;
      if (call === undefined || call === "") {
        throw new AssentError("key_required", {
          what: "The tool was called without a tool call's id",
          where: name,
          fix: "Let a ToolNode call it, or invoke it with { type: 'tool_call', id, name, args }",
        });
      }
      const key = `${name}/${call}`;
      return JSON.stringify(answered(await outcomeOf(() => gate.invoke({ question, about: context, key }, config))));
    },
    { name, description, schema: Asked },
  ) as StructuredTool;
}

/** A gate hands outcomes to the graph around it, by a command; here that is a tool. */
async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    if (!isParentCommand(thrown)) throw thrown;
    const { outcomes } = thrown.command.update as { outcomes: Record<string, Outcome> };
    return Object.values(outcomes)[0];
  }
}

function answered(outcome: Outcome | undefined): Record<string, unknown> {
  if (outcome?.status === "executed") return { answer: outcome.result, by: outcome.decidedBy };
  return { answer: null, because: outcome === undefined ? "Nobody was asked." : outcome.reason };
}
