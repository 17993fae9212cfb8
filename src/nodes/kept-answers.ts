import { getConfig, type BaseCheckpointSaver, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Assent } from "./assent.js";

type Config = Pick<LangGraphRunnableConfig, "configurable">;

/** Where a run's config says that an unnamed answer is at hand; LangGraph hands it down to every graph inside. */
const AT_HAND = "__assent_answer_at_hand";

/**
 * The config to call a graph with, which notes whether the task that calls it has an unnamed answer at hand or has had
 * one. Only here can it be seen: once the called graph has taken a step, LangGraph shows the answer to nobody.
 */
export function notingAnswer<Called extends object>(called: Called | undefined): Called {
  const around = getConfig() as Config | undefined;
  const tasks = [called as Config | undefined, around].map((config) => taskOf(config));
  if (!tasks.some(({ nullResume, resume = [] }) => nullResume !== undefined || resume.length > 0))
    return called as Called;
  return { ...called, configurable: { ...(called as Config | undefined)?.configurable, [AT_HAND]: true } } as Called &
    Config;
}

function taskOf(config: Config | undefined): { nullResume?: unknown; resume?: readonly unknown[] } {
  return Object(config?.configurable?.["__pregel_scratchpad"]);
}

/**
 * Whether LangGraph may hold an answer that was given before this pass of a gate had asked anything.
 *
 * It keeps an unnamed answer with the outermost graph's checkpoint until that graph's step has ended, and gives it to
 * whatever asks next when a run merely goes on. One that was meant for a stop before the gate is at hand when the gate
 * is called. A gate further in may also begin late in that step, after an earlier gate or an `interrupt()` of the
 * developer's own: then the step had been interrupted before, and the outermost checkpoint says so. In verified trust
 * answers decide nothing, whatever they were meant for.
 */
export async function mayHoldAnswers(
  { trust }: Pick<Assent, "trust">,
  { configurable = {} }: Config,
): Promise<boolean> {
  if (trust === "verified") return false;
  if (configurable[AT_HAND] === true) return true;
  const { thread_id, checkpoint_ns, checkpoint_map, __pregel_checkpointer: saver } = configurable;
  // The gate's own node and this one: what is kept with the outermost step was at hand when the gate was called.
  const isOutermost = String(checkpoint_ns).split("|").length <= 2;
  const checkpointId: unknown = Object(checkpoint_map)[""];
  if (isOutermost || saver === undefined || typeof checkpointId !== "string") return false;
  const tuple = await (saver as BaseCheckpointSaver).getTuple({
    configurable: { thread_id, checkpoint_ns: "", checkpoint_id: checkpointId },
  });
  return (tuple?.pendingWrites ?? []).some(([, channel]) => channel === "__interrupt__" || channel === "__resume__");
}
