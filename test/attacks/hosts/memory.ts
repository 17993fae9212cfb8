import { MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import type { Host } from "../victim.js";

/** Threads and ledger in this process's memory. */
export async function memoryHost(): Promise<Host> {
  return { name: "memory", checkpointer: new MemorySaver(), ledger: memoryLedger(), close: async () => {} };
}
