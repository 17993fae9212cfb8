import { START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  appeal,
  approvalGate,
  createAssent,
  defineAction,
  policy,
  type Appealed,
  type Assent,
  type AssentOptions,
  type Case,
  type Policy,
  type RunContext,
} from "assent";
import { createDelivery, localThreads } from "assent/service";
import { z } from "zod";
import { ana, bo, people } from "../nodes/after-gate.js";
import { testKeys } from "assent/testing";
import { Thread } from "../support/thread.js";
import type { Storage } from "./storages.js";

export { ana, bo };

const keys = testKeys();

export interface FollowUpDeskOptions extends Partial<Omit<AssentOptions, "actions" | "ledger" | "policy">> {
  policy?: Policy;
  idempotent?: boolean;
  /** Throws after the effect, so often. */
  breaks?: number;
  /** Runs beside the undo; may throw or wait. */
  inUndo?: (context: RunContext) => unknown;
  /** Whether this process carries follow-ups out; true unless said. */
  carries?: boolean;
}

/** Accounts that an agent suspends, an appeal against that, and everything that happened to them, by key. */
export function followUpDesk(storage: Pick<Storage, "checkpointer" | "ledger">, options: FollowUpDeskOptions = {}) {
  const { policy: rules = policy({ default: { route: "execute" } }), idempotent = false, breaks = 0 } = options;
  const { inUndo = () => {}, carries = true, ...more } = options;
  const done: { what: string; key: string }[] = [];
  let left = breaks;
  const suspend = defineAction({
    name: "suspend",
    args: z.object({ account: z.string() }),
    summary: ({ account }) => `Suspend ${account}`,
    facts: () => ({ amount: { value: 20, currency: "USD" } }),
    idempotent,
    run({ account }, { idempotencyKey: key }): unknown {
      done.push({ what: `suspend ${account}`, key });
      left -= 1;
      if (left >= 0) throw new Error("the connection broke");
      return { since: "today" };
    },
    async undo({ account }, _result, context) {
      await inUndo(context);
      done.push({ what: `restore ${account}`, key: context.idempotencyKey });
    },
  });
  const { ledger } = storage;
  const setUp = {
    actions: [suspend],
    policy: rules,
    ledger,
    authenticators: [people],
    keys,
    trust: "verified",
  } as const;
  const { idempotent: _i, breaks: _b, policy: _p, ...set } = more;
  const assent = createAssent({ ...setUp, ...set });
  const State = AssentState.extend({ account: z.string().optional(), appealed: z.any() });
  const acting = addGate(
    new StateGraph(State).addNode("agent", ({ account = "kim" }) => assent.propose(suspend, { account })),
    "gate",
    approvalGate(assent),
  )
    .addEdge(START, "agent")
    .addEdge("agent", "gate")
    .compile({ checkpointer: storage.checkpointer });
  const board = appeal(assent, {
    action: suspend,
    appeals: (state: z.infer<typeof State>) => (state.appealed as Appealed | undefined) ?? null,
  });
  const appealing = addGate(new StateGraph(State), "board", board)
    .addEdge(START, "board")
    .compile({ checkpointer: storage.checkpointer });
  const threads = localThreads({
    graphs: { acting, appealing },
    graphOf: (id) => (id.startsWith("appeal") ? "appealing" : "acting"),
  });
  const assents = carries ? [assent] : [];
  const delivery = createDelivery({ ledger, threads, assents });
  const act = async (): Promise<Case> => {
    const id = crypto.randomUUID();
    await delivery.start(id, {});
    const [held] = await ledger.cases({ threadId: id, afterId: "", limit: 1 });
    return held!;
  };
  const appealOn = async ({ proposal }: Case): Promise<Case> => {
    const id = `appeal-${crypto.randomUUID()}`;
    await delivery.start(id, { appealed: { proposal: proposal.id, by: "kim", grounds: "I was on holiday." } });
    const [held] = await ledger.cases({ threadId: id, afterId: "", limit: 1 });
    return held!;
  };
  const whats = (): string[] => done.map(({ what }) => what);
  return { assent, done, whats, threads, delivery, act, appealOn, acting: (id: string) => new Thread(acting, id) };
}

/** The case as the ledger has it now. */
export async function now({ ledger }: Assent, { proposal }: Case): Promise<Case> {
  const held = await ledger.read(proposal.id);
  if (held === null) throw new Error(`the ledger lost ${proposal.id}`);
  return held;
}
