import { isCommand, MemorySaver } from "@langchain/langgraph";
import { AssentError } from "../model/error.js";
import { notingAnswer } from "../nodes/kept-answers.js";
import type { CompiledGraph } from "./gate-paths.js";

/** What a compiled graph has for running it; everything else that runs it goes through this. */
interface Runs {
  stream(input: unknown, options?: object): Promise<unknown>;
  withConfig(config: unknown): unknown;
}

/**
 * Makes a graph refuse an answer that its own checkpoint saver could not load back, before LangGraph keeps it: kept
 * once, such an answer would make the thread unreadable for good. Gives the same graph.
 *
 * This reaches only as far as the graph is the outermost one. An outer graph keeps the answer itself, before any code
 * of an inner one runs, and no gate can stand before that; `safeSerializer` for its saver does.
 */
export function refusingUnloadableAnswers<Graph>(compiled: Graph): Graph {
  const graph = compiled as unknown as CompiledGraph & Runs;
  const stream = graph.stream.bind(graph);
  const withConfig = graph.withConfig.bind(graph);
  graph.stream = async (input, options) => {
    if (isCommand(input) && input.resume !== undefined) await requireLoadable(graph, input.resume);
    return stream(input, notingAnswer(options));
  };
  graph.withConfig = (config) => refusingUnloadableAnswers(withConfig(config));
  return compiled;
}

async function requireLoadable({ checkpointer }: CompiledGraph, answer: unknown): Promise<void> {
  // A server puts its own saver in, so this looks at each run.
  const own = checkpointer as Partial<MemorySaver> | boolean | null | undefined;
  const serde = (typeof own === "object" ? own?.serde : undefined) ?? new MemorySaver().serde;
  try {
    for (const kept of keptOf(answer)) await serde.loadsTyped(...(await serde.dumpsTyped(kept)));
  } catch (cause) {
    throw new AssentError("json_invalid", {
      what: "The thread's checkpoint saver could not load this answer back, and with it the whole thread",
      where: "resume",
      fix: "Nothing was written and the thread still waits: resume it with plain JSON that is not in LangChain's notation",
      cause,
    });
  }
}

/** What LangGraph keeps of an answer: all of it, or each part of a map by the ids of interrupts. */
function keptOf(answer: unknown): unknown[] {
  if (typeof answer !== "object" || answer === null) return [answer];
  const ids = Object.keys(answer);
  return ids.length > 0 && ids.every((id) => /^[0-9a-f]{32}$/.test(id)) ? Object.values(answer) : [answer];
}
