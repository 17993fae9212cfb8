import { Annotation, getConfig, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { outside } from "../../src/service/apart.js";
import { openScene } from "./worker-desk.js";

/** Does something in a node. */
async function inNode(work: () => Promise<void>): Promise<void> {
  await new StateGraph(Annotation.Root({ done: Annotation<boolean>() }))
    .addNode("working", async () => {
      await work();
      return {};
    })
    .addEdge(START, "working")
    .compile()
    .invoke({});
}

test("what is done outside sees nothing of the node that called it, and the node goes on in its own", async () => {
  await inNode(async () => {
    const here = getConfig();
    expect(here.metadata).toMatchObject({ langgraph_node: "working" });
    expect(outside(() => getConfig())).toBeUndefined();
    expect(await outside(async () => Promise.resolve().then(() => getConfig()))).toBeUndefined();
    expect(getConfig()).toBe(here);
  });
});

test("whoever is told by a worker is told outside of every node", async () => {
  const scene = await openScene();
  try {
    const at = scene.desk();
    await at.thread.start();
    const seen: unknown[] = [];
    const told = (): void => void seen.push(getConfig());
    const { worker } = scene.workerFor(at, { onEvent: told });
    worker.events.on("withdrawn", told);
    await at.graph.updateState(at.thread.config, {}, "after");
    await inNode(() => worker.drain());
    expect(seen).toEqual([undefined, undefined]);
  } finally {
    await scene.fresh.close();
  }
});
