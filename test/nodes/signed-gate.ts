import {
  createAssent,
  memoryLedger,
  type ApprovalVerdict,
  type Assent,
  type AssentOptions,
  type Case,
  type Keys,
  type Ledger,
  type Policy,
} from "assent";
import { testAuthenticator, testKeys } from "assent/testing";
import { askAlways, gated, payments, type PayArgs, type PaymentsOptions } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
export const ana = await people.authenticate({ id: "ana" });

export interface SignedGateOptions extends PaymentsOptions, Partial<Omit<AssentOptions, "actions" | "keys">> {
  /** What the process signs with that decides. */
  keys?: Keys;
  /** What the graph host checks with; the public half of `keys` unless said. */
  hostKeys?: Keys | null;
}

/** A thread whose graph host holds public keys only, and another process that decides. One ledger, two Assents. */
export function signedGate(options: SignedGateOptions = {}) {
  const { policy = askAlways, ledger = memoryLedger(), clock, leaseMs, trust = "verified" } = options;
  const own = testKeys();
  const { keys = own, hostKeys = options.keys ?? own.publicOnly } = options;
  const { pay, made } = payments(options);
  const common = {
    actions: [pay],
    policy,
    ledger,
    authenticators: [people],
    ...(clock === undefined ? {} : { clock }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  };
  const decider = createAssent({ ...common, trust: "verified", keys });
  const host = createAssent({ ...common, trust, keys: hostKeys });
  const { graph, thread, checkpointer } = gated({ on: { assent: host, pay } });
  /** Another graph host, which goes on with the same thread. */
  const anotherHost = (over: Partial<AssentOptions>): Thread => {
    const assent = createAssent({ ...common, trust: "verified", keys: hostKeys, ...over });
    return new Thread(gated({ on: { assent, pay } }).built.compile({ checkpointer }), thread.id);
  };
  return { host, decider, made, graph, thread, anotherHost };
}

/** Decides the one review that the thread waits for. */
export async function decide(
  decider: Assent,
  thread: Thread,
  decision: ApprovalVerdict = "approve",
  args?: PayArgs,
): Promise<Case> {
  const { review } = await thread.asked();
  const { digest } = (await decider.reviews.get(review)).review;
  const about = { by: ana, decision, digest, ...(args === undefined ? {} : { args }) };
  return (await decider.reviews.decide(review, about)).case;
}

/** The whole case of the one proposal that a ledger holds. */
export async function theCase({ ledger }: Assent): Promise<Case> {
  const cases = await ledger.cases({ afterId: "", limit: 2 });
  if (cases.length !== 1) throw new Error(`there are ${cases.length} cases, not one`);
  return cases[0]!;
}

/** Why claims and decisions were refused, as the audit log has it. */
export async function refusals({ ledger }: Assent): Promise<string[]> {
  const rows = await ledger.auditRows({ afterSeq: 0, limit: 1_000 });
  return rows
    .filter(({ kind }) => kind === "refused")
    .map(({ entry }) => JSON.stringify((JSON.parse(entry) as { data: unknown }).data));
}

/** A policy that says what another one said until it is told otherwise. */
export function changeablePolicy(first: Policy): Policy & { become(next: Policy): void } {
  let current = first;
  return {
    ...first,
    evaluate: (input) => current.evaluate(input),
    become(next) {
      current = next;
    },
  };
}

/**
 * A ledger in whose tables somebody has changed rows: whatever it gives of a case goes through `alter` first. It says
 * of itself that it lasts, if asked to.
 */
export function alteredLedger(
  ledger: Ledger,
  alter: (held: Case, call: string) => void,
  { durable = ledger.durable }: { durable?: boolean } = {},
): Ledger {
  const seen = (value: unknown, call: string): void => {
    if (Array.isArray(value)) for (const each of value) seen(each, call);
    else if (typeof value !== "object" || value === null) return;
    else if ("decisions" in value) alter(value as Case, call);
    else if ("case" in value) seen(value.case, call);
  };
  return new Proxy(ledger, {
    get(target, name: string) {
      if (name === "durable") return durable;
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const result: unknown = await Reflect.apply(member, target, args);
        seen(result, name);
        return result;
      };
    },
  });
}
