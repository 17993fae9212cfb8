import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "assent";
import { shapeFor, waysOn } from "./applicable.js";
import type { Attack, Way } from "./attack.js";
import { attacks } from "./attacks/index.js";
import { bringToEnd } from "./ending.js";
import { expectDueEffects, expectRest } from "./expectations.js";
import type { Host, HostName } from "./hosts/host.js";
import { memoryHost } from "./hosts/memory.js";
import { shapes, type Shape } from "./shapes.js";
import { undueEffects, type Verdict } from "./victim.js";
import { assentFor } from "./victims/gated-graph.js";
import { gatedPrey, type GatedPrey } from "./victims/gated.js";
import { patterns } from "./victims/patterns/index.js";
import type { Pattern } from "./victims/patterns/pattern.js";

const PATIENCE_MS = 300_000;
/** How many threads are raced: the approval gate is raced on many, by the same nodes. */
const CROWD = 5;

/** One pattern on one host. */
interface Site {
  pattern: Pattern;
  name: HostName;
  open: (clock?: Clock) => Promise<Host>;
  /** What is tried there. */
  isTried: (attack: Attack) => boolean;
}

const sites: Site[] = patterns.map((pattern) => ({
  pattern,
  name: "MemorySaver",
  open: memoryHost,
  isTried: () => true,
}));

describe.each(sites)("$pattern.name on $name", ({ pattern, name, open, isTried }) => {
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
    expect(undueEffects(prey)).toBe(0);
    return prey;
  }

  describe.each(attacks.filter(isTried))("$title", (attack) => {
    for (const [nth, way] of waysOn(name, pattern, attack).entries()) {
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

function trusting(trust: "verified" | "open"): Shape {
  return { gates: [1, 1], ...(trust === "open" && { trust }) };
}
