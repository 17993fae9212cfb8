import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "assent";
import { shapeFor, waysOn } from "./applicable.js";
import type { Attack, Way } from "./attack.js";
import { attacks } from "./attacks/index.js";
import { bringToEnd } from "./ending.js";
import { expectDueEffects, expectRest } from "./expectations.js";
import type { Host } from "./hosts/host.js";
import { memoryHost } from "./hosts/memory.js";
import { postgresHost } from "./hosts/postgres.js";
import { patternTable, type Tried } from "./pattern-table.js";
import { shapes, type Shape } from "./shapes.js";
import { readmeTable, writeReadmeTable } from "./table.js";
import { undueEffects, type Verdict } from "./victim.js";
import { assentFor } from "./victims/gated-graph.js";
import { gatedPrey, type GatedPrey } from "./victims/gated.js";
import { patterns } from "./victims/patterns/index.js";
import type { PatternName } from "./victims/patterns/pattern.js";

const PATIENCE_MS = 300_000;
/** How many threads are raced: the approval gate is raced on many, by the same nodes. */
const CROWD = 2;

/** One pattern on one host. */
interface Site extends Tried {
  open: (clock?: Clock) => Promise<Host>;
}

/**
 * Everything in memory, where it is quick. On Postgres, what depends on how threads and ledger are stored, on those
 * patterns whose way to a permit is not the approval gate's: a deadline, a fan of tasks, another draft, a case that is
 * one for all threads. Nothing on `langgraphjs dev`: it is the approval gate that is attacked there, for its threads are stored in the same way
 * whatever stands at the gate, and each way takes seconds.
 */
const ON_POSTGRES: readonly PatternName[] = ["vetoWindow", "fanOut", "interactiveRefinement", "appeal"];
const sites: Site[] = patterns.flatMap((pattern): Site[] => {
  const none = { pattern, ways: 0, undue: 0 };
  const stored = attacks.filter(({ isAboutStorage }) => isAboutStorage);
  return [
    { ...none, host: "MemorySaver", open: memoryHost, attacks },
    ...(ON_POSTGRES.includes(pattern.name)
      ? [{ ...none, host: "PostgresSaver" as const, open: postgresHost, attacks: stored }]
      : []),
  ];
});

describe.each(sites)("$pattern.name on $host", (site) => {
  const { pattern, open } = site;
  let host: Host;
  beforeAll(async () => {
    host = { ...(await open(pattern.times)), crowd: CROWD };
    for (const trust of ["verified", "open"] as const) {
      await pattern.prepare?.(assentFor({ ...host, keys: host.keys.deciding }, trusting(trust), pattern).assent);
    }
  }, PATIENCE_MS);
  afterAll(() => host.close(), PATIENCE_MS);

  const attacked: { attack: Attack; prey: GatedPrey }[] = [];

  /** Carries an attack out, and sees that nothing came of it. */
  async function attackIt(attack: Attack, way: Way, verdict: Verdict): Promise<GatedPrey> {
    const prey = gatedPrey(host, shapeFor(pattern, way), pattern);
    attacked.push({ attack, prey });
    await way.carryOut(prey.victim(), verdict);
    const undue = undueEffects(prey);
    site.ways += 1;
    site.undue += undue;
    expect(undue).toBe(0);
    return prey;
  }

  const expressible = site.attacks.filter((attack) => waysOn(site.host, pattern, attack).length > 0);
  describe.each(expressible)("$title", (attack) => {
    for (const [nth, way] of waysOn(site.host, pattern, attack).entries()) {
      // Every other way is tried with a no, where it matters what is said.
      const { small }: Shape = shapes[way.shape ?? "one"];
      const isSaid = !attack.racing && !way.closes && !small;
      const verdict: Verdict = nth % 2 === 1 && isSaid ? "reject" : "approve";
      it(
        `${way.name}: no undue effect, and the thread ends as a rightful ${verdict} says`,
        async () => {
          const prey = await attackIt(attack, way, verdict);
          for (const victim of prey.victims()) {
            if (attack.racing) await expectRest(victim);
            const entries = await bringToEnd(prey, victim, verdict);
            expect(entries).toBeLessThanOrEqual(way.leadsPast ? 1 : 0);
          }
          if (way.closes) expect(prey.effects()).toEqual([]);
          else await expectDueEffects(prey);
        },
        PATIENCE_MS,
      );
    }
  });

  it("and after all of it, nothing more has happened", () => {
    for (const { attack, prey } of attacked) expect(undueEffects(prey), attack.title).toBe(0);
  });
});

describe("the table of patterns in README.md", () => {
  it("says what these attacks did", async () => {
    const table = patternTable(sites);
    if (process.env["UPDATE_README"] === "1") await writeReadmeTable("patterns", table);
    expect(await readmeTable("patterns")).toBe(table);
  });
});

function trusting(trust: "verified" | "open"): Shape {
  return { gates: [1, 1], ...(trust === "open" && { trust }) };
}
