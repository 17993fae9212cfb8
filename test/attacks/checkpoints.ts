import type { StateSnapshot } from "@langchain/langgraph";
import type { ThreadConfig, Victim } from "./victim.js";

/** Every checkpoint of a thread, newest first, each followed by those of the gates that ran from it. */
export async function checkpointsOf({ graph, config, anatomy }: Victim): Promise<ThreadConfig[]> {
  const found: ThreadConfig[] = [];
  const visit = async (place: object): Promise<void> => {
    for (const snapshot of await historyOf(graph, place)) {
      found.push(snapshot.config as ThreadConfig);
      for (const inner of insideOf(snapshot)) await visit(inner);
    }
  };
  await visit(config);
  const inner = found.filter(({ configurable }) => configurable["checkpoint_map"] !== undefined);
  if (anatomy.inside.length > 0 && inner.length === 0) throw new TypeError("no checkpoint inside a gate was found");
  return found;
}

/** Where the gate is that a thread waits in: as deep as it stands. */
export async function waitingInside({ graph, config }: Victim): Promise<ThreadConfig> {
  let [place] = insideOf(await graph.getState(config));
  if (place === undefined) throw new TypeError("the thread does not wait inside a gate");
  for (;;) {
    const [deeper] = insideOf(await graph.getState(place));
    if (deeper === undefined) return place;
    place = deeper;
  }
}

async function historyOf(graph: Victim["graph"], place: object): Promise<StateSnapshot[]> {
  const all: StateSnapshot[] = [];
  for await (const snapshot of graph.getStateHistory(place)) all.push(snapshot);
  return all;
}

/** Without `subgraphs: true`, the state of a task that runs a subgraph is the config to find it by. */
function insideOf({ tasks }: StateSnapshot): ThreadConfig[] {
  return tasks.flatMap(({ state }) => (state !== undefined && "configurable" in state ? [state as ThreadConfig] : []));
}
