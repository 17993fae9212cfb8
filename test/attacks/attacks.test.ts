import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isExpressible, isForPlain, type Attack, type Way } from "./attack.js";
import { attacks } from "./attacks/index.js";
import { bringToEnd } from "./ending.js";
import { expectDueEffects, expectRest } from "./expectations.js";
import type { Host } from "./hosts/host.js";
import { hosts } from "./hosts/index.js";
import { Observations } from "./observations.js";
import { shapes, type Shape } from "./shapes.js";
import { attackTable, readmeTable, writeReadmeTable } from "./table.js";
import { undueEffects, type Prey, type Verdict } from "./victim.js";
import { gatedPrey, type GatedPrey } from "./victims/gated.js";
import { plainPrey } from "./victims/plain.js";

/** The races take seconds where nothing else runs, and far longer on a machine that is busy. */
const PATIENCE_MS = 300_000;

const BOTH: readonly Verdict[] = ["approve", "reject"];
const observed = new Observations();

describe.each(hosts)("on $name", ({ name, open, isSlow = false }) => {
  let host: Host;
  beforeAll(async () => {
    host = await open();
  }, PATIENCE_MS);
  afterAll(() => host.close(), PATIENCE_MS);

  const attackedGated: { attack: Attack; prey: GatedPrey }[] = [];
  const expressible = attacks.filter(({ ways }) => ways.some((way) => isExpressible(way, name)));
  const waysOf = ({ ways }: Attack): Way[] => ways.filter((way) => isExpressible(way, name));

  /** Carries an attack out behind a gate, and sees that nothing came of it. */
  async function attackGated(attack: Attack, way: Way, verdict: Verdict): Promise<GatedPrey> {
    const prey = gatedPrey(host, way.shape ?? "one");
    attackedGated.push({ attack, prey });
    await way.carryOut(prey.victim(), verdict);
    const undue = undueEffects(prey);
    observed.add(attack, "assent", name, undue);
    expect(undue).toBe(0);
    return prey;
  }

  for (const attack of expressible.filter(({ racing }) => !racing)) {
    describe(attack.title, () => {
      for (const way of waysOf(attack).filter(({ closes }) => closes)) {
        it(
          `${way.name}: no effect, and the thread is at its end`,
          async () => {
            const prey = await attackGated(attack, way, "approve");
            for (const victim of prey.victims()) expect(await bringToEnd(prey, victim, "approve")).toBe(0);
            expect(prey.effects()).toEqual([]);
          },
          PATIENCE_MS,
        );
      }
      for (const [nth, way] of waysOf(attack)
        .filter(({ closes }) => !closes)
        .entries()) {
        it.each(verdictsOn(way, isSlow ? [BOTH[nth % 2]!] : BOTH))(
          `${way.name}: no undue effect, and a rightful %s still brings the thread to its end`,
          async (verdict) => {
            const prey = await attackGated(attack, way, verdict);
            for (const victim of prey.victims()) {
              expect(await bringToEnd(prey, victim, verdict)).toBeLessThanOrEqual(way.leadsPast ? 1 : 0);
            }
            await expectDueEffects(prey);
            const [attacked] = prey.victims();
            expect(prey.entitled().get(attacked?.payments.at(-1)?.order ?? "")).toBe(verdict);
          },
          PATIENCE_MS,
        );
      }
    });
  }

  for (const attack of expressible.filter(({ racing }) => racing)) {
    describe(attack.title, () => {
      for (const way of waysOf(attack)) {
        it(
          `${way.name}: one decision wins on each thread, and the thread ends as it says`,
          async () => {
            const prey = await attackGated(attack, way, "approve");
            for (const victim of prey.victims()) {
              await expectRest(victim);
              const cases = await victim.cases();
              expect(cases.map(({ decisions }) => decisions.length)).toEqual(victim.payments.map(() => 1));
              expect(await bringToEnd(prey, victim, "approve")).toBe(0);
            }
            await expectDueEffects(prey);
          },
          PATIENCE_MS,
        );
      }
    });
  }

  describe("a graph that trusts its interrupt()", () => {
    for (const attack of expressible.filter((each) => waysOf(each).some(isForPlain))) {
      const isHarmed = attack.harmsPlain && !attack.sparesPlainOn?.includes(name);
      it(
        `${attack.title}: ${isHarmed ? "undue effects" : "no undue effect"}`,
        async () => {
          let undue = 0;
          for (const way of waysOf(attack).filter(isForPlain)) {
            const prey: Prey = plainPrey(host, way.shape ?? "one");
            await way.carryOut(prey.victim(), "approve");
            undue += undueEffects(prey);
          }
          observed.add(attack, "plain", name, undue);
          expect(undue > 0).toBe(isHarmed);
        },
        PATIENCE_MS,
      );
    }
  });

  it("and after all of it, nothing more has happened behind the gates", () => {
    for (const { attack, prey } of attackedGated) expect(undueEffects(prey), attack.title).toBe(0);
  });
});

describe("the table in README.md", () => {
  it("says what these attacks did", async () => {
    const table = attackTable(attacks, hosts, observed);
    if (process.env["UPDATE_README"] === "1") await writeReadmeTable("attacks", table);
    expect(await readmeTable("attacks")).toBe(table);
  });
});

/** What reviewers may say where a way is tried; where nobody is asked, everything is as if it was approved. */
function verdictsOn({ shape = "one" }: Way, verdicts: readonly Verdict[]): readonly Verdict[] {
  const { small }: Shape = shapes[shape];
  return small ? ["approve"] : verdicts;
}
