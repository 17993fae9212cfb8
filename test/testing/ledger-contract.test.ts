import { describe, expect, it } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.js";
import type { Clock } from "../../src/model/clock.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { ledgerContract } from "../../src/testing/ledger-contract.js";

interface Result {
  title: string;
  error: unknown;
}

/** Runs the suite with the least of test runners and gives what failed. */
async function failures(
  makeLedger: (clock: Clock) => Ledger,
): Promise<{ failed: Result[]; ran: number; closed: number }> {
  const cases: { title: string; body: () => Promise<void> }[] = [];
  const groups: string[] = [];
  let closed = 0;
  const describe = (title: string, body: () => void): void => {
    groups.push(title);
    body();
    groups.pop();
  };
  const runner = {
    describe,
    it: (title: string, body: () => Promise<void>) => cases.push({ title: [...groups, title].join(": "), body }),
  };
  ledgerContract(runner, async (clock) => ({ ledger: makeLedger(clock), close: async () => void (closed += 1) }));
  const failed: Result[] = [];
  for (const { title, body } of cases) await body().catch((error: unknown) => failed.push({ title, error }));
  return { failed, ran: cases.length, closed };
}

/** A memory ledger of which one method does something else. */
function broken(change: (ledger: Ledger) => Partial<Ledger>): (clock: Clock) => Ledger {
  return (clock) => {
    const sound = memoryLedger({ clock });
    const changed = change(sound);
    return new Proxy(sound, {
      get: (target, name) => {
        const own = (changed as Record<string | symbol, unknown>)[name];
        const value: unknown = own ?? Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  };
}

describe("the ledger contract", () => {
  it("passes a sound ledger under any runner with describe and it, and closes one ledger a case", async () => {
    const { failed, ran, closed } = await failures((clock) => memoryLedger({ clock }));
    expect(failed).toEqual([]);
    expect(ran).toBeGreaterThan(100);
    expect(closed).toBe(ran);
  });

  it("gives every case a title of its own", async () => {
    const titles: string[] = [];
    ledgerContract({ describe: (_title, body) => body(), it: (title) => titles.push(title) }, async () => ({
      ledger: memoryLedger(),
      close: async () => {},
    }));
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each<[string, RegExp, (ledger: Ledger) => Partial<Ledger>]>([
    [
      "claims for anybody",
      /claim and extend/,
      (l) => ({ claim: async (r) => ({ ...(await l.claim(r)), claimed: true }) }),
    ],
    ["takes over living claims", /take/, (l) => ({ claim: (r) => l.claim({ ...r, takeover: true }) })],
    ["ignores versions", /decide/, (l) => ({ decide: ({ version: _version, ...r }) => l.decide(r) })],
    [
      "forgets which interrupt asked",
      /ask/,
      (l) => ({ ask: (r) => l.ask({ ...r, address: { ...r.address, interruptId: r.at } }) }),
    ],
    ["notes nothing that was refused", /audit log/, () => ({ refuse: async () => {} })],
    ["settles for anybody", /settle/, (l) => ({ settle: (r) => l.settle({ ...r, owner: "worker-1" }) })],
    [
      "lists what waits as undelivered",
      /deliveries/,
      (l) => ({ undelivered: async (r) => (await l.cases({ afterId: "", ...r })).map((c) => c.proposal) }),
    ],
    [
      "loses hidden characters",
      /values/,
      (l) => ({ propose: (p) => l.propose(JSON.parse(JSON.stringify(p).replaceAll("\\u0000", ""))) }),
    ],
  ])("fails a ledger that %s, and closes it all the same", async (_what, where, change) => {
    const { failed, ran, closed } = await failures(broken(change));
    expect(failed.map(({ title }) => title)).toContainEqual(expect.stringMatching(where));
    expect(closed).toBe(ran);
  });
});
