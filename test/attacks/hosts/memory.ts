import { MemorySaver } from "@langchain/langgraph";
import { memoryLedger, type Clock } from "assent";
import { safeSerializer } from "../../../src/checkpoint/serializer.js";
import { EffectFile } from "../../support/effects.js";
import { Faults } from "../faults.js";
import type { Payment } from "../victim.js";
import type { Host } from "./host.js";
import { makeKeys } from "./keys.js";
import { localGraph } from "./local-graph.js";

/** Threads and ledger in this process's memory; the ledger goes by the machine's clock unless said. */
export async function memoryHost(clock?: Clock): Promise<Host> {
  const checkpointer = new MemorySaver(safeSerializer());
  const effects = new EffectFile<Payment>();
  const keys = await makeKeys();
  return {
    ledger: memoryLedger(clock && { clock }),
    effects,
    faults: new Faults(effects.folder),
    keys,
    crowd: 50,
    graph: (_kind, _shape, build) => localGraph(build().compile({ checkpointer })),
    elsewhere: (build) => localGraph(build().compile({ checkpointer })),
    dieAt: null,
    stored: async () => {},
    intrude: null,
    async close() {
      effects.remove();
      keys.remove();
    },
  };
}
