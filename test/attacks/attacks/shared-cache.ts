import type { Attack } from "../attack.js";
import type { Victim } from "../victim.js";

/**
 * A cache that all threads share, for every node of the graph around the gate: the second thread's agent does not run,
 * and gets the first one's proposals. (On its own graph, `addGate` refuses such a default.) No code of a gate runs
 * where LangGraph answers from its cache, so nothing is asked there either; `checkGraph` finds it. What counts is that
 * nothing is paid, and that each thread still does its own work: on an input of its own.
 */
export const sharedCache: Attack = {
  title: "A default `cachePolicy` around the gate: a second thread with the same input",
  harmsPlain: true,
  ways: [
    {
      name: "once the first has paid",
      shape: "cacheAround",
      carryOut: (victim) => follow(victim, (first) => first.decideAndResume("approve")),
    },
    {
      name: "once the first is approved, and before it hears of it",
      shape: "cacheAround",
      carryOut: (victim) => follow(victim, (first) => first.decide("approve")),
    },
    {
      name: "while the first waits",
      shape: "cacheAround",
      carryOut: (victim) => follow(victim, async () => {}),
    },
  ],
};

/** Brings a first thread to a point, and a second one after it; then each gets an input that no cache knows. */
async function follow(second: Victim, bring: (first: Victim) => Promise<unknown>): Promise<void> {
  const first = second.another();
  const same = { ticket: crypto.randomUUID() };
  await first.start(same);
  await bring(first);
  await second.start(same);
  await second.graph.invoke(null, second.config);
  await first.graph.invoke(null, first.config);
  for (const thread of [first, second]) await thread.start({ ticket: crypto.randomUUID() });
}
