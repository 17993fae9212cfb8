import { AssentError, type Ledger } from "assent";

/** When a call of a ledger fails: before it did anything, or after, so that only its answer is lost. */
export type Loss = "nothing persisted" | "answer lost";

export interface FailingLedger extends Ledger {
  /** The names of the calls so far. */
  readonly calls: readonly string[];
}

/** A ledger whose n-th call fails, and `times - 1` calls after it, as if the network had; the others go through. */
export function failingLedger(ledger: Ledger, failAt: number, loss: Loss, times = 1): FailingLedger {
  const calls: string[] = [];
  return new Proxy(ledger, {
    get(target, name: keyof Ledger | "calls") {
      if (name === "calls") return calls;
      const member: unknown = target[name];
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        calls.push(name);
        if (calls.length < failAt || calls.length >= failAt + times) return Reflect.apply(member, target, args);
        if (loss === "answer lost") await Reflect.apply(member, target, args);
        throw new AssentError("ledger_unavailable", { what: `Call ${failAt} (${name}) failed: ${loss}` });
      };
    },
  }) as FailingLedger;
}
