import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { requireStageTable, STAGE_TABLE, stageRoute, type StageTable } from "../../src/autonomy/stage-table.js";
import type { Facts } from "../../src/model/facts.js";
import { ROUTES } from "../../src/model/routing.js";
import type { Stage } from "../../src/model/stage.js";

const STAGES: Stage[] = [1, 2, 3, 4, 5];

/** Where each of the five stages sends a case. */
const routes = (facts: Facts): string => STAGES.map((stage) => stageRoute(STAGE_TABLE, stage, facts).route).join(" ");

describe("the five stages", () => {
  it.each<[string, Facts, string]>([
    ["sure and harmless", { confidence: 0.95, risk: 0.1 }, "suggest flag flag execute execute"],
    ["unsure", { confidence: 0.69, risk: 0.1 }, "suggest review review execute execute"],
    ["just sure enough", { confidence: 0.7, risk: 0.5 }, "suggest flag flag execute execute"],
    ["risky", { confidence: 0.95, risk: 0.51 }, "suggest flag review execute execute"],
    ["not yet too risky", { confidence: 0.95, risk: 0.8 }, "suggest flag review execute execute"],
    ["too risky", { confidence: 1, risk: 0.81 }, "suggest flag review review review"],
    ["without facts", {}, "suggest review review review review"],
    ["without risk", { confidence: 1 }, "suggest flag review review review"],
    ["without confidence", { risk: 0 }, "suggest review review execute execute"],
    ["with numbers that are none", { confidence: Number.NaN, risk: Number.NaN }, "suggest review review review review"],
  ])("%s", (_title, facts, expected) => {
    expect(routes(facts)).toBe(expected);
  });

  it("say why", () => {
    expect(stageRoute(STAGE_TABLE, 1, {}).because).toBe("Stage 1 of 5 leaves it to a person: everything.");
    expect(stageRoute(STAGE_TABLE, 3, { confidence: 0.6 }).because).toBe(
      "Stage 3 of 5 asks a person: confidence 0.6 is below 0.7, risk is missing.",
    );
    expect(stageRoute(STAGE_TABLE, 4, { risk: 0.9 }).because).toBe(
      "Stage 4 of 5 asks a person: risk 0.9 is above 0.8.",
    );
    expect(stageRoute(STAGE_TABLE, 5, { risk: 0 }).because).toBe("Stage 5 of 5 lets it pass.");
  });

  test("more confidence, or less risk, never makes any of them stricter", () => {
    const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
    const facts = (confidence?: number, risk?: number): Facts => ({
      ...(confidence === undefined ? {} : { confidence }),
      ...(risk === undefined ? {} : { risk }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...STAGES), share, share, share, share, (stage, confidence, risk, surer, safer) => {
        const at = (given: Facts): number => ROUTES.indexOf(stageRoute(STAGE_TABLE, stage, given).route);
        const better = facts(Math.max(confidence ?? 0, surer ?? 0), Math.min(risk ?? 1, safer ?? 1));
        expect(at(better)).toBeLessThanOrEqual(at(facts(confidence, risk)));
      }),
    );
  });
});

describe("a table of one's own", () => {
  it.each<[string, unknown]>([
    ["too short", STAGE_TABLE.slice(1)],
    ["in another order", STAGE_TABLE.toReversed()],
    ["with a limit beyond 1", STAGE_TABLE.map((row) => ({ ...row, needs: { riskAbove: 50 } }))],
    ["with a limit that is no number", STAGE_TABLE.map((row) => ({ ...row, needs: { riskAbove: Number.NaN } }))],
    ["with a share beyond 1", STAGE_TABLE.map((row) => ({ ...row, autonomy: 25 }))],
  ])("is refused if it is %s", (_title, table) => {
    expect(() => requireStageTable("gate", table as StageTable)).toThrow(
      expect.objectContaining({ code: "gate_invalid", where: "gate" }),
    );
  });

  it("is taken if it has five stages", () => {
    expect(() => requireStageTable("gate", STAGE_TABLE)).not.toThrow();
  });
});
