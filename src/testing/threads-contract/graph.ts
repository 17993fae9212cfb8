import {
  Annotation,
  END,
  interrupt,
  Send,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { AssentError } from "../../model/error.js";

/** Where the contract's graph throws, the first time that a thread gets there. */
export type BreakPoint = "before" | "after an answer" | "behind";

const ContractState = Annotation.Root({
  /** What it asks at the same time; what begins with `inner` is asked in a subgraph. */
  questions: Annotation<string[]>({ reducer: (_, next) => next, default: () => [] }),
  breaks: Annotation<BreakPoint | null>({ reducer: (_, next) => next, default: () => null }),
  question: Annotation<string>(),
  answered: Annotation<number>({ reducer: (before, more) => before + more, default: () => 0 }),
});

type State = typeof ContractState.State;

/**
 * The graph whose threads the contract of {@link Threads} is checked with: it asks several questions at once and goes on
 * when all are answered. What breaks does so once per thread, as long as this process lives. Compile it, with a
 * checkpointer unless a server gives it one.
 *
 * @example
 * ```ts
 * import { threadsContractGraph } from "assent/testing";
 *
 * export const graph = threadsContractGraph().compile();
 * ```
 */
export function threadsContractGraph() {
  const broken = new Set<string>();
  const passes = (here: BreakPoint, { breaks }: State, { configurable }: LangGraphRunnableConfig): void => {
    const place = `${here} ${String(configurable?.["thread_id"])}`;
    if (breaks !== here || broken.has(place)) return;
    broken.add(place);
    throw new AssentError("not_started", { what: `broken ${here}` });
  };
  const ask = (state: State, config: LangGraphRunnableConfig): Partial<State> => {
    interrupt(state.question);
    passes("after an answer", state, config);
    return { answered: 1 };
  };
  const inner = new StateGraph(ContractState).addNode("ask", ask).addEdge(START, "ask").addEdge("ask", END).compile();
  const asInput = (question: string, breaks: State["breaks"]) => ({ question, breaks, questions: [], answered: 0 });
  return new StateGraph(ContractState)
    .addNode("begin", (state, config) => {
      passes("before", state, config);
      return {};
    })
    .addNode("outer", ask)
    .addNode("inner", async (state: State, config) => {
      await inner.invoke(asInput(state.question, null), config);
      return { answered: 1 };
    })
    .addNode("behind", (state, config) => {
      passes("behind", state, config);
      return {};
    })
    .addEdge(START, "begin")
    .addConditionalEdges(
      "begin",
      ({ questions, breaks }) =>
        questions.length === 0
          ? "behind"
          : questions.map((question) => {
              return new Send(question.startsWith("inner") ? "inner" : "outer", asInput(question, breaks));
            }),
      ["outer", "inner", "behind"],
    )
    .addEdge("outer", "behind")
    .addEdge("inner", "behind")
    .addEdge("behind", END);
}
