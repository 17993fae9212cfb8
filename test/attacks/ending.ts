import { isDeepStrictEqual } from "node:util";
import { Command } from "@langchain/langgraph";
import type { Outcome } from "assent";
import { createDelivery, localThreads, type AnyCompiledGraph } from "assent/service";
import type { Verdict } from "./victim.js";
import type { GatedPrey, GatedVictim } from "./victims/gated.js";
import type { Pattern } from "./victims/patterns/pattern.js";

/** More than any thread here has proposals. */
const ROUNDS_MAX = 12;

/**
 * Brings a thread to its proper end: the reviewer decides on what is open, and delivery resumes the thread. Where an
 * attack led the thread past its gate, or took the proposals out of its state, the gate is entered anew with the
 * proposals that the ledger knows.
 *
 * @returns how often the gate had to be entered anew.
 * @throws if the thread does not get there: the attack has stuck it.
 */
export async function bringToEnd(
  { assent, pattern }: GatedPrey,
  victim: GatedVictim,
  verdict: Verdict,
): Promise<number> {
  const { graph, config, entrances } = victim;
  const threads = localThreads({ graphs: { graph: graph as unknown as AnyCompiledGraph } });
  const delivery = createDelivery({ ledger: assent.ledger, threads });
  let reentries = 0;
  // Which questions a gate still asks that proposes for itself is known once nothing of the thread is cut off.
  if (pattern.proposes === "gate") await delivery.deliver(config.configurable.thread_id);
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    await victim.decideOpen(verdict);
    if ((await delivery.deliver(config.configurable.thread_id)) === "waiting") continue;
    if (await isAtItsEnd(victim, pattern)) return reentries;
    reentries += 1;
    const known = await assent.ledger.cases({ threadId: config.configurable.thread_id, afterId: "", limit: 100 });
    const proposals = known.map(({ proposal }) => proposal.id);
    await graph.invoke(new Command({ goto: [...entrances], update: { proposals } }), config);
  }
  const { next, tasks, values } = await graph.getState(config);
  throw new Error(`The thread is stuck: ${JSON.stringify({ next, tasks, values })}`);
}

/** Whether every payment was decided on and closed, and the thread says what the ledger says. */
async function isAtItsEnd(victim: GatedVictim, { proposes }: Pattern): Promise<boolean> {
  const cases = await victim.cases();
  // What it proposed in a pass that the thread has left is nobody's any more, and the thread never knew its id.
  if (proposes === "gate") {
    for (const { order } of victim.payments) if (!(await victim.isSettled(order))) return false;
    return true;
  }
  if (cases.length < victim.payments.length) return false;
  const { values } = await victim.graph.getState(victim.config);
  const { proposals, outcomes } = values as { proposals: string[]; outcomes: Record<string, Outcome> };
  return cases.every(({ proposal, outcome }) => {
    // A case of a branch that the thread has left is closed in the ledger alone.
    const told = !proposals.includes(proposal.id) || saysTheSame(outcomes[proposal.id], outcome);
    return outcome !== null && told;
  });
}

function saysTheSame(told: Outcome | undefined, recorded: Outcome | null): boolean {
  return isDeepStrictEqual({ ...told, replayed: false }, { ...recorded, replayed: false });
}
