import { Command } from "@langchain/langgraph";
import { AssentError, systemClock, type Clock, type Keys } from "assent";
import { manualClock } from "assent/testing";
import { hurriedClock } from "../../support/hurried-clock.js";
import { attempt, type Attack, type NotOn, type Way } from "../attack.js";
import { FIRST_KEY_DAYS_AGO, NEXT_KEY_DAYS_AGO } from "../hosts/keys.js";
import type { AttackedGraph, Victim } from "../victim.js";
import type { Means } from "../victims/court.js";
import type { GatedVictim } from "../victims/gated.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

const notPlain = "nothing is signed, and no clock is read";
const notOn: NotOn = { "langgraphjs dev": "there is one worker, which runs one run of a thread after the other" };

/** Clocks that somebody has set wrong, and keys that are used at times that are not theirs. */
export const wrongClock: Attack = {
  title: "A clock that was set back or ahead",
  harmsPlain: true,
  ways: [
    decidesNothing("a reviewer's, back to when there was no key", ({ keys: { deciding } }) => ({
      keys: unchecked(deciding),
      clock: daysAgo(FIRST_KEY_DAYS_AGO + 1),
    })),
    decidesNothing("a reviewer's, back to when there was another key", ({ keys: { deciding } }) => ({
      keys: unchecked(deciding),
      clock: daysAgo(NEXT_KEY_DAYS_AGO + 1),
    })),
    decidesNothing("nobody's, but the key is a retired one", ({ keys: { retired: keys } }) => ({ keys })),
    decidesNothing("that of somebody with a retired key, back into its days", ({ keys: { retired: keys } }) => ({
      keys,
      clock: daysAgo(NEXT_KEY_DAYS_AGO + 1),
    })),
    decidesNothing("that of somebody with a retired key, a year ahead", ({ keys: { retired: keys } }) => ({
      keys,
      clock: manualClock(fromNow(YEAR_MS)),
    })),
    decidesAsEver("a reviewer's, an hour back", -HOUR_MS),
    decidesAsEver("a reviewer's, a year ahead", YEAR_MS),
    {
      name: "a second worker's, a year ahead, while the first makes the payment",
      notOn,
      needs: "a payment",
      carryOut: (victim) =>
        resumeTwice(victim, (thread) => [thread.graph, thread.elsewhere(hurriedClock(fromNow(YEAR_MS)))]),
    },
    {
      name: "a second worker's, a year back, while the first makes the payment",
      notOn,
      needs: "a payment",
      carryOut: (victim) =>
        resumeTwice(victim, (thread) => [thread.graph, thread.elsewhere(hurriedClock(fromNow(-YEAR_MS)))]),
    },
    {
      name: "the first worker's, a year back, while it makes the payment and a second one comes",
      notOn,
      needs: "a yes at any time",
      carryOut: (victim) =>
        resumeTwice(victim, (thread) => [thread.elsewhere(off(-YEAR_MS)), thread.elsewhere(hurriedClock(fromNow(0)))]),
    },
  ],
};

/** Keys of a process that does not want to know whether what it signs will count. */
function unchecked(keys: Keys): Keys {
  return { signer: () => keys.signer(), trusted: async () => [] };
}

/** An approval that must not count, made by such means. */
function decidesNothing(name: string, means: (victim: GatedVictim) => Means): Way {
  return {
    name,
    notPlain,
    async carryOut(victim) {
      await victim.start();
      const { interruptId } = await victim.decideWith(means(victim), "approve");
      await attempt(() => victim.graph.invoke(new Command({ resume: { [interruptId]: "approve" } }), victim.config));
      await attempt(() => victim.graph.invoke(null, victim.config));
    },
  };
}

/** A rightful decision, by a clock that is wrong within the time of the key. */
function decidesAsEver(name: string, ms: number): Way {
  return {
    name,
    notPlain,
    async carryOut(victim, verdict) {
      await victim.start();
      const clock = manualClock(fromNow(ms));
      const { interruptId } = await victim.decide(verdict, undefined, { clock });
      for (let sent = 0; sent < 2; sent += 1) {
        await attempt(() => victim.graph.invoke(new Command({ resume: { [interruptId]: verdict } }), victim.config));
      }
    },
  };
}

/** One worker is making an approved payment when another one resumes the thread. */
async function resumeTwice(
  victim: Victim,
  workersFor: (victim: Victim) => readonly [AttackedGraph, AttackedGraph],
): Promise<void> {
  const { faults } = victim;
  await victim.start();
  const other = victim.another();
  const { thread_id: threadId } = other.config.configurable;
  await other.start();
  const { interruptId } = await other.decide("approve");
  const [first, second] = workersFor(other);
  faults.holdAt("paid", threadId);
  const paying = first.invoke(new Command({ resume: { [interruptId]: "approve" } }), other.config);
  await faults.untilHeld("paid", threadId);
  await other.stored();
  await unlessClaimed(() => attempt(() => second.invoke(null, other.config)));
  faults.letGo("paid", threadId);
  await paying;
}

async function unlessClaimed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!AssentError.isInstance(error, "claim_held")) throw error;
  }
}

function daysAgo(days: number): Clock {
  return manualClock(fromNow(-days * DAY_MS));
}

/** A clock that goes, but is so far ahead or, negative, behind. */
function off(ms: number): Clock {
  return { ...systemClock, now: () => new Date(Date.now() + ms) };
}

function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
