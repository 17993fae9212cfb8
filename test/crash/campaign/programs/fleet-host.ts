/**
 * A graph host that begins threads, and does nothing else for them. It begins more while fewer reviews are open than
 * keep the deciders busy.
 */
import { openPatiently, pause, readProgram, sayReady, tellTrouble } from "../program.js";
import { begin, isShare, untouched } from "../beginning.js";
import { threadOf } from "../plan.js";

const AT_ONCE = 4;
/** How many reviews are open before it waits with the next threads. */
const ENOUGH_OPEN = 40;

const program = readProgram();
const { order, plan, stopping } = program;
const agent = await openPatiently(program, "hosts", { connectionsMax: 3 });
if (agent !== undefined) {
  let fresh: string[] = [];
  const round = async (): Promise<void> => {
    const { count } = await agent.assents.moderate.queue.count();
    if (count >= ENOUGH_OPEN) return pause(200, stopping);
    if (fresh.length === 0) fresh = (await untouched(plan, agent)).filter((id) => isShare(id, order));
    if (fresh.length === 0) return pause(500, stopping);
    const begun = await Promise.allSettled(fresh.splice(0, AT_ONCE).map((id) => begin(agent, threadOf(id))));
    for (const each of begun) if (each.status === "rejected") tellTrouble("begin", each.reason);
  };
  sayReady();
  while (!stopping.aborted) {
    await round().catch(async (error: unknown) => {
      tellTrouble("round", error);
      await pause(50, stopping);
    });
  }
  await agent.postgres.close();
}
