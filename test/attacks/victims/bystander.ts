import type { Clock } from "assent";
import type { Compilable, Host } from "../hosts/host.js";
import type { Kind, ShapeName } from "../shapes.js";
import type { Victim } from "../victim.js";
import type { PatternName } from "./patterns/pattern.js";

/** A thread before anything ran on it, and what its host can do to it, whatever its graph is. */
export interface Bystander {
  threadId: string;
  may: Pick<Victim, "crowd" | "faults" | "die" | "elsewhere" | "stored" | "intrude">;
}

interface Made {
  kind: Kind;
  shape: ShapeName;
  /** What stands at the gate, if there is one. */
  pattern?: PatternName;
  /** Makes the graph; what reads no clock ignores the one that it gets. */
  build: (clock?: Clock) => Compilable;
}

/** A new thread on a host. */
export function bystanderOf(host: Host, { kind, shape, pattern, build }: Made): Bystander {
  const threadId = crypto.randomUUID();
  return {
    threadId,
    may: {
      crowd: host.crowd,
      faults: host.faults,
      async die(point, durability) {
        if (host.dieAt === null) throw new TypeError("threads of this host do not outlive its process");
        await host.dieAt({ kind, shape, threadId, point, durability, ...(pattern && { pattern }) });
      },
      elsewhere(clock) {
        const graph = host.elsewhere(() => build(clock));
        if (graph === null) throw new TypeError("this host has one worker only");
        return graph;
      },
      stored: () => host.stored(),
      async intrude(as) {
        if (host.intrude === null) throw new TypeError("this host has no database");
        return host.intrude(as);
      },
    },
  };
}
