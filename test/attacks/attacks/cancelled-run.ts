import { Command } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Victim } from "../victim.js";

/** It may leave a cancelled run without an end, and the thread's later runs wait for that. */
const NOT_ON = { "langgraphjs dev": "a run that is cancelled there may never end" } as const;

/** Somebody who may not decide answers and cancels the run: LangGraph keeps the answer for whoever comes next. */
export const cancelledRun: Attack = {
  title: "An answer left by a cancelled run, picked up by somebody else's",
  harmsPlain: true,
  isAboutStorage: true,
  ways: [
    {
      name: "when a manager lets the thread go on",
      notOn: NOT_ON,
      async carryOut(victim) {
        await victim.start();
        await leaveBehind(victim, "approve");
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
    {
      name: "when the reviewer answers another gate",
      notOn: NOT_ON,
      shape: "sideBySide",
      async carryOut(victim, verdict) {
        await victim.start();
        const [, second] = await victim.pending();
        await leaveBehind(victim, "approve");
        await victim.decideAndResume(verdict, second);
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
    {
      name: "when the reviewer says no",
      notOn: NOT_ON,
      async carryOut(victim) {
        await victim.start();
        const other = victim.another();
        await other.start();
        await leaveBehind(other, "approve");
        await other.decideAndResume("reject");
        await attempt(() => other.graph.invoke(null, other.config));
      },
    },
    {
      name: "when somebody else resumes it with another word",
      notOn: NOT_ON,
      async carryOut(victim) {
        await victim.start();
        await leaveBehind(victim, "approve");
        await attempt(() => victim.graph.invoke(new Command({ resume: "later" }), victim.config));
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
  ],
};

/** Resumes with an answer, and cancels the run as soon as the answer was taken and stored. */
async function leaveBehind(victim: Victim, answer: unknown): Promise<void> {
  const { graph, config, faults } = victim;
  const { thread_id: threadId } = config.configurable;
  const run = new AbortController();
  faults.holdAt("answered", threadId);
  const running = graph.invoke(new Command({ resume: answer }), config, { signal: run.signal });
  const cancelled = running.then(
    () => Promise.reject(new TypeError("the run came to its end before it was cancelled")),
    (error: Error) => (error.name === "AbortError" ? undefined : Promise.reject(error)),
  );
  await Promise.race([faults.untilHeld("answered", threadId), cancelled]);
  await victim.stored();
  run.abort();
  await cancelled;
  faults.letGo("answered", threadId);
}
