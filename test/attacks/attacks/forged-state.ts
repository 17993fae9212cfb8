import { Command, Send } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Verdict, Victim } from "../victim.js";

const MANY = 20_000;

/** Writes into the state, in the agent's name, what a policy would like to read or a gate might believe. */
export const forgedState: Attack = {
  title: "Forged facts and ids, by `updateState` in the agent's name",
  harmsPlain: true,
  ways: [
    {
      name: "facts that make every payment small and sure",
      shape: "twoPayments",
      carryOut: (victim, verdict) => edit(victim, verdict, () => victim.forgedFacts()),
    },
    {
      name: "facts that make every payment small and sure, as the state of a task of the gate",
      shape: "twoPayments",
      async carryOut(victim) {
        await victim.start();
        await send(victim, await victim.forgedFacts());
      },
    },
    {
      name: "ids that nobody made",
      shape: "twoPayments",
      carryOut: (victim, verdict) => edit(victim, verdict, async () => victim.forgedIds(NOBODYS)),
    },
    {
      name: "ids that are no texts, or no list",
      shape: "twoPayments",
      async carryOut(victim) {
        await victim.start();
        for (const ids of [NO_TEXTS, 42, "made-up", null, { 0: "made-up" }]) {
          const forged = victim.forgedIds(ids);
          await attempt(() => victim.graph.updateState(victim.config, forged, victim.anatomy.agent));
          await send(victim, forged);
        }
      },
    },
    {
      name: `${MANY.toLocaleString("en")} ids`,
      shape: "twoPayments",
      carryOut: (victim, verdict) => edit(victim, verdict, async () => victim.forgedIds(many())),
    },
    {
      name: "its own ids, several times over",
      shape: "twoPayments",
      carryOut: (victim, verdict) =>
        edit(victim, verdict, async () => {
          const own = await victim.ids();
          return victim.forgedIds([...own, ...own.toReversed(), ...own]);
        }),
    },
    {
      name: "the ids of threads that wait, are approved, and have paid",
      shape: "twoPayments",
      carryOut: (victim, verdict) => edit(victim, verdict, async () => victim.forgedIds(await othersIds(victim))),
    },
    {
      name: "the ids of such threads in place of its own",
      shape: "twoPayments",
      // The gate finds none of the thread's own proposals any more.
      leadsPast: true,
      async carryOut(victim) {
        await victim.start();
        const forged = Object.entries(victim.forgedIds(await othersIds(victim)));
        const instead = Object.fromEntries(forged.map(([key, ids]) => [key, { __overwrite__: ids }]));
        await victim.graph.updateState(victim.config, instead, victim.anatomy.agent);
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
  ],
};

const NOBODYS = ["made-up", "", "pr_\u0000", "pr_\ud800", "' or true; --", "__proto__"];
const NO_TEXTS = [42, null, true, {}, [], ["made-up"], { id: "made-up" }, Number.MAX_VALUE];

function many(): string[] {
  return Array.from({ length: MANY }, (_, nth) => `made-up-${nth}`);
}

/** Edits an interrupted thread's state and lets it run; then its reviewer rejects the first payment. */
async function edit(victim: Victim, verdict: Verdict, forged: () => Promise<Record<string, unknown>>): Promise<void> {
  const { graph, config, anatomy } = victim;
  await victim.start();
  await graph.updateState(config, await forged(), anatomy.agent);
  await attempt(() => graph.invoke(null, config));
  await victim.decideAndResume("reject");
  await victim.decideAndResume(verdict);
  await attempt(() => graph.invoke(null, config));
}

/** Runs the gate as a task with a state of its own. */
async function send({ graph, config, anatomy }: Victim, state: Record<string, unknown>): Promise<void> {
  await attempt(() => graph.invoke(new Command({ goto: new Send(anatomy.gate, state) }), config));
  await attempt(() => graph.invoke(null, config));
}

/** The ids of three other threads' payments: nobody has decided, one is approved, one is made. */
async function othersIds(victim: Victim): Promise<string[]> {
  const waiting = victim.another();
  const approved = victim.another();
  const paid = victim.another();
  for (const other of [waiting, approved, paid]) await other.start();
  await approved.decide("approve");
  await paid.decideAndResume("approve");
  return (await Promise.all([waiting, approved, paid].map((other) => other.ids()))).flat();
}
