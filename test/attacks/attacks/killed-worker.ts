import { attempt, type Attack } from "../attack.js";
import type { HostName } from "../hosts/host.js";
import type { Point } from "../faults.js";
import type { Victim } from "../victim.js";

const notOn: Partial<Record<HostName, string>> = {
  MemorySaver: "threads live in the process that would have to die",
  "langgraphjs dev": "threads are in a file that is rewritten every few seconds, and survive no kill",
};

/** A machine that loses power while an agent, which drafts something else each time, has proposed or even paid. */
export const killedWorker: Attack = {
  title: "`kill -9`, after which the agent runs and proposes again",
  harmsPlain: true,
  isAboutStorage: true,
  ways: [
    {
      name: "once it had proposed, with durability `sync`",
      shape: "redrafting",
      notOn,
      carryOut: (victim) => killAt("proposed", "sync", victim),
    },
    {
      name: "once it had proposed under a key, with durability `exit`",
      shape: "redraftingKeyed",
      notOn,
      carryOut: (victim) => killAt("proposed", "exit", victim),
    },
    {
      name: "once it had proposed what needs nobody, with durability `sync`",
      shape: "small",
      notOn,
      carryOut: (victim) => killAt("proposed", "sync", victim),
    },
    {
      name: "once it had proposed what needs nobody under a key, with durability `exit`",
      shape: "smallKeyed",
      notOn,
      carryOut: (victim) => killAt("proposed", "exit", victim),
    },
    {
      name: "once it had paid what needs nobody, with durability `sync`",
      shape: "small",
      notOn,
      carryOut: (victim) => killAt("paid", "sync", victim),
    },
    {
      name: "once it had paid what needs nobody under a key, with durability `exit`",
      shape: "smallKeyed",
      notOn,
      carryOut: (victim) => killAt("paid", "exit", victim),
    },
  ],
};

/** Kills the worker, and lets another one do what is left: go on, or start anew where nothing was stored. */
async function killAt(point: Point, durability: "sync" | "exit", victim: Victim): Promise<void> {
  await victim.die(point, durability);
  if (durability === "exit") await victim.start();
  else await attempt(() => victim.graph.invoke(null, victim.config));
}
