import { attempt, type Attack } from "../attack.js";
import type { Verdict, Victim } from "../victim.js";

const RESUMES = 8;
/** How many threads are raced at the same time. */
const AT_ONCE = 5;

/** Reviewers who disagree at the same moment, and clients that all resume at once. */
export const race: Attack = {
  title: `${RESUMES} resumes at once, half of them approving, half rejecting, on many threads`,
  harmsPlain: true,
  // It runs one run of a thread after the other, and the second finds nothing that waits.
  sparesPlainOn: ["langgraphjs dev"],
  racing: true,
  ways: [
    {
      name: "each after a decision that raced as well",
      async carryOut(victim) {
        const threads = [victim, ...Array.from({ length: victim.crowd - 1 }, () => victim.another())];
        for (let next = 0; next < threads.length; next += AT_ONCE) {
          await Promise.all(threads.slice(next, next + AT_ONCE).map(raceOn));
        }
      },
    },
  ],
};

async function raceOn(victim: Victim): Promise<void> {
  await victim.start();
  const verdicts = Array.from({ length: RESUMES }, (_, nth): Verdict => (nth % 2 === 0 ? "approve" : "reject"));
  await Promise.all(verdicts.map((verdict, nth) => attempt(() => victim.vote(verdict, `reviewer ${nth + 1}`))));
}
