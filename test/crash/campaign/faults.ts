import {
  keepKilling,
  killableProgram,
  postgresProxy,
  seededRandom,
  type Killable,
  type KillablePostgres,
  type Killing,
} from "assent/testing";
import type { Compiled } from "./compiled.js";
import type { HostOrder } from "./programs/host.js";
import type { CrashScene } from "./settings.js";

/** What is needed to make things fail. */
export interface FaultOptions {
  plan: string;
  postgres: KillablePostgres;
  programs: Compiled;
  seed: number;
  /** Settles once something was approved from now on. */
  progress: (signal: AbortSignal) => Promise<void>;
  onKilled: (what: string) => void;
}

/** What was made to fail. */
export interface FaultCount {
  /** Processes killed. */
  kills: number;
  /** Connections cut at a commit. */
  cuts: number;
}

/** Faults that are going on. */
export interface Faults {
  /** By which address the deciders reach Postgres. */
  url: string;
  /** Rejects as soon as something failed that was not made to. */
  broken: Promise<unknown>;
  /** What failed so far. */
  count(): FaultCount;
  /** Ends the faults, and the hosts in good order; rejects if they are not. */
  end(): Promise<void>;
}

/** How long something works before it is killed: at least, and at most. */
export const AFTER_MS = [1_000, 3_000] as const;
/** One commit in fifty: about one in the life of a thread. */
export const CUT_RATE = 0.01;

export const FAULTS: Record<Exclude<CrashScene, "fleet">, (options: FaultOptions) => Promise<Faults>> = {
  async hosts({ plan, postgres, programs, seed, progress, onKilled }) {
    const { url } = postgres;
    const hosts = [0, 1].map((share) => host(programs, { plan, url, share, shares: 2 }));
    const killings = await Promise.all(
      hosts.map((victim, share) =>
        keepKilling(victim, {
          afterMs: AFTER_MS,
          random: seededRandom(seed + 1 + share),
          progress,
          onKilled: () => onKilled(`host ${share + 1}`),
        }),
      ),
    );
    return {
      url,
      broken: Promise.race(killings.map(({ ended }) => ended)),
      count: () => ({ kills: killings.reduce((sum, { kills }) => sum + kills, 0), cuts: 0 }),
      end: () => endAll(killings, hosts),
    };
  },

  async postgres({ plan, postgres, programs, seed, progress, onKilled }) {
    const { url } = postgres;
    const victim = host(programs, { plan, url, share: 0, shares: 1 });
    await victim.start();
    const killing = await keepKilling(postgres, {
      afterMs: AFTER_MS,
      random: seededRandom(seed + 1),
      progress,
      onKilled: () => onKilled("Postgres"),
    });
    return {
      url,
      broken: killing.ended,
      count: () => ({ kills: killing.kills, cuts: 0 }),
      end: () => endAll([killing], [victim]),
    };
  },

  async network({ plan, postgres, programs, seed, progress, onKilled }) {
    const proxy = await postgresProxy({ url: postgres.url });
    const { url } = proxy;
    const cuts = (): number => proxy.cuts.before + proxy.cuts.after;
    const victim = host(programs, { plan, url, share: 0, shares: 1 });
    await victim.start();
    proxy.cutAtRandom({ before: CUT_RATE, after: CUT_RATE, random: seededRandom(seed + 1) });
    // All connections at once: nothing has to be started again.
    const everything: Killable = { start: async () => {}, kill: async () => proxy.cutAll(), stop: async () => {} };
    const killing = await keepKilling(everything, {
      afterMs: AFTER_MS,
      random: seededRandom(seed + 2),
      progress,
      onKilled: () => onKilled(`every connection (${cuts()} cut at a commit so far)`),
    });
    return {
      url,
      broken: killing.ended,
      count: () => ({ kills: 0, cuts: cuts() }),
      async end() {
        proxy.heal();
        try {
          await endAll([killing], [victim]);
        } finally {
          await proxy.close();
        }
      },
    };
  },
};

function host(programs: Compiled, order: HostOrder): Killable {
  return killableProgram({
    command: process.execPath,
    args: [programs.program("host"), JSON.stringify(order)],
    ready: "ready",
  });
}

/** Ends everything, also if ending one of them fails; then says so. */
async function endAll(killings: readonly Killing[], hosts: readonly Killable[]): Promise<void> {
  const ends = [
    ...(await Promise.allSettled(killings.map((killing) => killing.end()))),
    ...(await Promise.allSettled(hosts.map((victim) => victim.stop()))),
  ];
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
