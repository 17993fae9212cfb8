import { END, START, StateGraph } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { addGate, approvalGate, AssentState, createAssent, defineAction, loadKeys, policy, type Assent } from "assent";
import { openPostgres, postgresLedger, type OpenPostgres } from "assent/postgres";
import { localThreads, type Threads } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";
import type { Ground } from "./plan.js";
import { World } from "./world.js";

/** An agent that makes one payment, which somebody has to approve, opened in one process. */
export interface PaymentAgent {
  assent: Assent;
  people: ReturnType<typeof testAuthenticator>;
  threads: Threads;
  /** Compiles the graph once more, as another host would. */
  anotherGraph: () => ReturnType<typeof compile>;
  world: World;
  postgres: OpenPostgres;
}

/** Opens it; the payment may not be repeated. */
export async function openPaymentAgent(
  ground: Ground,
  url: string,
  keys: keyof Ground["keys"],
  connectionsMax = 4,
): Promise<PaymentAgent> {
  const postgres = await openPostgres({ url, connectionsMax });
  const world = new World(ground.folder);
  const people = testAuthenticator();
  const pay = defineAction({
    name: "pay",
    args: z.object({ to: z.string(), amount: z.number() }),
    summary: ({ to, amount }) => `Pay ${amount} USD to ${to}`,
    idempotent: false,
    run: ({ to }, { idempotencyKey }) => world.notify(idempotencyKey, to),
  });
  const assent = createAssent({
    actions: [pay],
    policy: policy({ default: { route: "review" } }),
    ledger: postgresLedger({ pool: postgres.pool, schema: ground.schema }),
    trust: "verified",
    authenticators: [people],
    keys: await loadKeys(ground.keys[keys]),
  });
  const pool = postgres.anotherPool();
  const anotherGraph = () => compile(assent, pay, new PostgresSaver(pool, undefined, { schema: ground.threadsSchema }));
  const threads = localThreads({ graphs: { graph: anotherGraph() } });
  return { assent, people, threads, anotherGraph, world, postgres };
}

function compile(assent: Assent, pay: Assent["actions"][number], checkpointer: PostgresSaver) {
  const builder = new StateGraph(AssentState).addNode("agent", () =>
    assent.propose(pay, { to: "the supplier", amount: 100 }),
  );
  return addGate(builder, "gate", approvalGate(assent))
    .addEdge(START, "agent")
    .addEdge("agent", "gate")
    .addEdge("gate", END)
    .compile({ checkpointer });
}
