import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { oneLine } from "../model/visible-text.js";
import { AssentError } from "../model/error.js";
import type { Assent } from "./assent.js";
import { roundWith } from "./deciding.js";
import { stepFor } from "./gate-progress.js";
import { withNovelty } from "./novelty.js";
import type { GateSettings } from "./gate-settings.js";
import { runScope } from "./run-scope.js";
import type { GateState, GateUpdate } from "./state.js";
import { changesBetween } from "../model/changes.js";
import type { Case } from "../model/case.js";

/**
 * The node in which the agent makes another draft, after a person asked for one.
 *
 * Replay contract: it never interrupts. The agent's work may be done again if we die before its one write, `redraft`, of
 * which the first wins; a re-run after it finds the next round and goes on. A draft that does not fit the action is an
 * error of the agent's code: it is thrown, and running the thread again asks the agent again.
 */
export function reviseNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate> => {
    const { threadId } = runScope(config);
    const held = state.current === undefined ? null : await assent.ledger.read(state.current);
    if (held === null || held.proposal.threadId !== threadId || stepFor(held) !== "revise") return { step: "policy" };
    if (gate.revise === undefined) {
      throw new AssentError("gate_invalid", {
        what: "A person asked for another draft, and this gate has nobody who makes one",
        where: `gate ${oneLine(gate.name, 60)}`,
        fix: "Give the gate its `revise` back, or decide on the proposal in another process that has it",
      });
    }
    const note = held.decisions.at(-1)?.note ?? "";
    const { args } = held.round;
    const drafted = await gate.revise({ args, note, held, seed: state.seed });
    const { id: proposalId, action } = held.proposal;
    const made = roundWith(assent, held, drafted, { context: revision(held, note, drafted) });
    const next = await withNovelty(assent.ledger, assent.action(action), proposalId, made);
    const at = assent.clock.now().toISOString();
    await assent.ledger.redraft({ proposalId, round: held.round.round, next, at });
    return { step: "policy", reason: null };
  };
}

/** What the next draft shows beside itself: what was asked for, and what has become of the one before. */
function revision({ round }: Case, feedback: string, drafted: unknown): Record<string, unknown> {
  return { draft: round.round + 1, feedback, changes: changesBetween(round.args, drafted) };
}
