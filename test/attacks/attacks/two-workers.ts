import { Command } from "@langchain/langgraph";
import { attempt, type Attack, type NotOn } from "../attack.js";
import type { AttackedGraph, Victim } from "../victim.js";

const THREADS_MAX = 5;

const notOn: NotOn = { "langgraphjs dev": "there is one worker, which runs one run of a thread after the other" };

/** Two gates of one thread are answered at the same moment, each by way of a worker of its own. */
export const twoWorkers: Attack = {
  title: "Two workers that answer different gates of one thread at once",
  harmsPlain: true,
  isAboutStorage: true,
  racing: true,
  ways: [
    {
      name: "each by its interrupt's id",
      shape: "sideBySide",
      notOn,
      async carryOut(victim) {
        for (const thread of crowd(victim)) await answerBoth(thread, workersFor(thread));
      },
    },
    {
      name: "after which both go on",
      shape: "sideBySide",
      notOn,
      async carryOut(victim) {
        for (const thread of crowd(victim)) {
          const workers = workersFor(thread);
          await answerBoth(thread, workers);
          await Promise.all(workers.map((worker) => attempt(() => worker.invoke(null, thread.config))));
        }
      },
    },
    {
      name: "each of them both of the gates",
      shape: "sideBySide",
      notOn,
      async carryOut(victim) {
        for (const thread of crowd(victim)) {
          const workers = workersFor(thread);
          await answerBoth(thread, [...workers, ...workers.toReversed()]);
        }
      },
    },
  ],
};

function crowd(victim: Victim): Victim[] {
  return [victim, ...Array.from({ length: Math.min(THREADS_MAX, victim.crowd) - 1 }, () => victim.another())];
}

function workersFor(victim: Victim): AttackedGraph[] {
  return [victim.graph, victim.elsewhere()];
}

/** Has one payment approved, the other rejected, and brings the answers by these workers in turn. */
async function answerBoth(victim: Victim, workers: readonly AttackedGraph[]): Promise<void> {
  await victim.start();
  const [first, second] = await victim.pending();
  const { interruptId: toFirst } = await victim.decide("approve", first);
  const { interruptId: toSecond } = await victim.decide("reject", second);
  const answers = [{ [toFirst]: "approve" }, { [toSecond]: "reject" }];
  await Promise.all(
    workers.map((worker, nth) =>
      attempt(() => worker.invoke(new Command({ resume: answers[nth % 2] }), victim.config)),
    ),
  );
}
