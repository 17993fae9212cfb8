/** A process that resumes one thread many times at the same moment, with several graphs. */
import { Command } from "@langchain/langgraph";
import { openPaymentAgent } from "../payment.js";
import type { ResumingOrder } from "../race.js";
import { say, untilGo } from "../together.js";

const GRAPHS = 4;

const order = JSON.parse(process.argv[2] ?? "{}") as ResumingOrder;
const { anotherGraph, postgres } = await openPaymentAgent(order.ground, order.url, "hosts", 8);
const graphs = Array.from({ length: GRAPHS }, anotherGraph);

async function resume(nth: number): Promise<string> {
  const graph = graphs[nth % GRAPHS] ?? anotherGraph();
  try {
    await graph.invoke(new Command({ resume: "decided" }), {
      configurable: { thread_id: order.threadId },
      durability: "sync",
    });
    return "returned";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.slice(0, 80)}` : String(error);
  }
}

await untilGo(order);
for (const ended of await Promise.all(Array.from({ length: order.count }, (_, nth) => resume(nth)))) say(ended);
await postgres.close();
