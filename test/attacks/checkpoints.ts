import type { StateSnapshot } from "@langchain/langgraph";
import type { ThreadConfig, Victim } from "./victim.js";

/** Every checkpoint of a thread, newest first, each followed by those of the subgraphs that ran from it. */
export async function checkpointsOf({ graph, config }: Victim): Promise<ThreadConfig[]> {
  const found: ThreadConfig[] = [];
  const visit = async (place: object): Promise<void> => {
    for (const snapshot of await historyOf(graph, place)) {
      found.push(snapshot.config as ThreadConfig);
      for (const inner of insideOf(snapshot)) await visit(inner);
    }
  };
  await visit(config);
  return found;
}

/** Where the subgraphs are that wait on a thread now. */
export async function waitingInside({ graph, config }: Victim): Promise<ThreadConfig[]> {
  return insideOf(await graph.getState(config));
}

async function historyOf(graph: Victim["graph"], place: object): Promise<StateSnapshot[]> {
  const all: StateSnapshot[] = [];
  for await (const snapshot of graph.getStateHistory(place)) all.push(snapshot);
  return all;
}

/** Without `subgraphs: true`, the state of a task that runs a subgraph is the config to find it by. */
function insideOf({ tasks }: StateSnapshot): ThreadConfig[] {
  return tasks
    .map(({ state }) => state as ThreadConfig | undefined)
    .filter((state) => state?.configurable !== undefined) as ThreadConfig[];
}
