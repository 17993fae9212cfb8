import { requireStageTable, STAGE_TABLE, stageRoute, type StageTable } from "../autonomy/stage-table.js";
import { stricter } from "../model/routing.js";
import type { Assent } from "../nodes/assent.js";
import type { GateOptions, Tighten } from "../nodes/gate-settings.js";
import { gateGraph, type Gate } from "./gate-graph.js";

/** Options of {@link progressiveAutonomy}. */
export interface ProgressiveAutonomyOptions<Name extends string = string> extends GateOptions<Name> {
  /** What each stage means; {@link STAGE_TABLE} unless said. */
  table?: StageTable;
}

/**
 * Autonomy that is earned: an agent begins as one that only suggests, and needs people for less and less as they find it
 * right. There are five stages, see {@link STAGE_TABLE}; the ledger has one for each agent and action. A stage only makes
 * the policy stricter. It is read when a case is routed and again when its permit is claimed, so a case that was let
 * through and has not run yet is stopped by a stage that went down. A fact that a stage needs and that is missing asks a
 * person.
 *
 * At stage 1 a person takes each suggestion and says what they did: `approve` (did it as suggested), `modify` (did it
 * with other arguments) or `reject` (did not do it).
 *
 * What people decide here is what the stage rests on: the first decision on a case says that the agent was right
 * (`approve`) or wrong. The rule is the `stageRule` of the Assent through which they decide; it is asked in the
 * transaction that writes the decision, so there is nothing to call and nothing to lose. It moves a stage by one step, up
 * to the ceiling that people set with `assent.autonomy.setCeiling`.
 *
 * @throws AssentError `gate_invalid` for a table that cannot be used.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, localUser, memoryLedger, policy, progressiveAutonomy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "execute" } }) });
 * export const graph = addGate(
 *   new StateGraph(AssentState).addNode("agent", () => ({})),
 *   "gate",
 *   progressiveAutonomy(assent),
 * )
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "gate")
 *   .compile();
 *
 * const by = await localUser.authenticate();
 * await assent.autonomy.setCeiling("agent", "refund", 3, { by, reason: "Refunds are monitored until the audit" });
 * ```
 */
export function progressiveAutonomy<Name extends string>(
  assent: Assent<Name>,
  { table = STAGE_TABLE, ...options }: ProgressiveAutonomyOptions<NoInfer<Name>> = {},
): Gate {
  return {
    build(name) {
      requireStageTable(`gate ${name}`, table);
      return gateGraph(assent, { name, ...options, isTaken: true, tighten: byStage(assent, table) });
    },
  };
}

function byStage({ ledger }: Assent, table: StageTable): Tighten {
  return async ({ proposal: { agent, action, trust }, round }, policy) => {
    const { stage } = await ledger.stage({ agent, action, trust });
    const own = stageRoute(table, stage, round.facts);
    // Where the policy is as strict already, whom it asks and until when is the policy's to say.
    const isSaid = stricter(policy.route, own.route) === policy.route;
    return { ...own, route: isSaid ? "execute" : own.route, stage };
  };
}
