import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  memoryLedger,
  policy,
  type Assent,
  type AssentOptions,
  type Gate,
  type GateOptions,
  type ProposeOptions,
  type RunContext,
} from "assent";
import { z } from "zod";
import { Thread } from "./thread.js";

export const PayArgs = z.object({ to: z.string(), cents: z.int() });
export type PayArgs = z.infer<typeof PayArgs>;

/** One thing that really happened. */
export interface Payment {
  args: PayArgs;
  idempotencyKey: string;
}

export interface PaymentsOptions {
  idempotent?: boolean;
  attemptsMax?: number;
  name?: string;
  /** Runs instead of "pay and return a receipt"; `paid` notes the effect. */
  run?: (args: PayArgs, context: RunContext, paid: () => void) => unknown;
}

/** An action whose effects can be counted: what its run really did, not what anybody says about it. */
export function payments({ idempotent = true, attemptsMax = 3, name = "pay", run }: PaymentsOptions = {}) {
  const made: Payment[] = [];
  const pay = defineAction({
    name,
    args: PayArgs,
    summary: (a) => `Pay ${a.cents} cents to ${a.to}`,
    facts: (a) => ({ amount: { value: Math.abs(a.cents) / 100, currency: "USD" } }),
    idempotent,
    attemptsMax,
    run: (args, context): unknown => {
      const paid = (): void => {
        made.push({ args, idempotencyKey: context.idempotencyKey });
      };
      if (run !== undefined) return run(args, context, paid);
      paid();
      return { receipt: `${args.to}:${args.cents}` };
    },
  });
  return { pay, made };
}

/** Everybody is asked about everything. */
export const askAlways = policy({ default: { route: "review" } });
export const executeAlways = policy({ default: { route: "execute" } });

/** Up to 10 USD alone, up to 100 USD with a person, more never. */
export const byAmount = policy({
  rules: [
    { id: "large", when: { amount: { gt: "100 USD" } }, route: "block" },
    { id: "middle", when: { amount: { gt: "10 USD" } }, route: "review" },
  ],
  default: { route: "execute" },
});

export interface GatedOptions extends PaymentsOptions, Partial<Omit<AssentOptions, "actions">> {
  proposals?: readonly (readonly [PayArgs, ProposeOptions?])[];
  gate?: GateOptions;
  /** What stands at the gate; an approval gate with the options of `gate` unless said. */
  pattern?: (assent: Assent) => Gate;
  /** Uses this set-up instead of making one. */
  on?: { assent: Assent; pay: ReturnType<typeof payments>["pay"] };
}

/** An agent that proposes payments to one gate called `gate`, in open trust unless said. */
export function gated(options: GatedOptions = {}) {
  const {
    proposals = [[{ to: "bo", cents: 500 }]],
    gate = {},
    pattern = (assent: Assent) => approvalGate(assent, gate),
    on,
  } = options;
  const { policy = askAlways, trust = "open", clock, leaseMs, authenticators } = options;
  const { ledger = memoryLedger(clock === undefined ? {} : { clock }) } = options;
  const { made, ...counted } = payments(options);
  const pay = on?.pay ?? counted.pay;
  const setUp: AssentOptions = { actions: [pay], policy, ledger, trust };
  if (clock !== undefined) setUp.clock = clock;
  if (leaseMs !== undefined) setUp.leaseMs = leaseMs;
  if (authenticators !== undefined) setUp.authenticators = authenticators;
  if (options.authority !== undefined) setUp.authority = options.authority;
  if (options.keys !== undefined) setUp.keys = options.keys;
  if (options.followUps !== undefined) setUp.followUps = options.followUps;
  const assent = on?.assent ?? createAssent(setUp);
  const builder = new StateGraph(AssentState).addNode("agent", async () => {
    const made = await Promise.all(proposals.map(([args, about]) => assent.propose(pay, args, about)));
    return { proposals: made.flatMap((each) => each.proposals) };
  });
  const checkpointer = new MemorySaver();
  const built = addGate(builder, "gate", pattern(assent)).addEdge(START, "agent").addEdge("agent", "gate");
  const graph = built.compile({ checkpointer });
  return { assent, pay, made, built, graph, checkpointer, thread: new Thread(graph) };
}

/** The kinds of audit rows that the ledger wrote, in order. */
export async function auditKinds(assent: Assent): Promise<string[]> {
  return (await assent.ledger.auditRows({ afterSeq: 0, limit: 1000 })).map(({ kind }) => kind);
}
