import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { AssentError } from "../model/error.js";

/** Which thread, task and checkpoint a node is running in. */
export interface RunScope {
  threadId: string;
  taskId: string;
  /** Path of node and task ids from the root graph, such as `agent:<uuid>` or `gate:<uuid>|review:<uuid>`. */
  checkpointNs: string;
  checkpointId: string;
  /** The node's name. */
  node: string;
  signal: AbortSignal | undefined;
  /** Identifies this execution of the node: another object on every attempt. */
  execution: object;
}

/**
 * Reads the scope from what LangGraph hands to a node.
 *
 * @throws AssentError `thread_missing` if the graph runs without a thread.
 */
export function runScope(config: LangGraphRunnableConfig): RunScope {
  const info = config.executionInfo;
  const threadId = info?.threadId ?? (config.configurable?.["thread_id"] as unknown);
  if (typeof threadId !== "string" || threadId === "") {
    throw new AssentError("thread_missing", {
      what: "Assent binds every proposal to a thread, and this run has none",
      where: "configurable.thread_id",
      seen: threadId ?? null,
      fix: "Compile the graph with a checkpointer and invoke it with { configurable: { thread_id } }",
    });
  }
  if (info === undefined) {
    throw new AssentError("outside_node", {
      what: "LangGraph tells no task here",
      where: "config.executionInfo",
      fix: "Add Assent's nodes to the graph itself; do not call them from tools or nested runnables",
    });
  }
  return {
    threadId,
    taskId: info.taskId,
    checkpointNs: info.checkpointNs,
    checkpointId: info.checkpointId,
    node: nodeName(config),
    signal: config.signal,
    execution: info,
  };
}

/** The name of the node that a config belongs to. */
export function nodeName(config: Pick<LangGraphRunnableConfig, "metadata">): string {
  const name: unknown = config.metadata?.["langgraph_node"];
  return typeof name === "string" ? name : "node";
}
