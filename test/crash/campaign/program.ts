import { systemClock, type Clock } from "assent";
import { openAgent, readPlan, type Agent, type AgentOptions } from "./agent.js";
import type { Plan } from "./plan.js";

/** What a program of a fleet is told on its command line. */
export interface Order {
  /** Where the plan is. */
  plan: string;
  url: string;
  /** Its own, the same in each of its lives. */
  name: string;
  seed: number;
  /** How far its clock is ahead; negative if it is behind. */
  aheadMs: number;
  /** For hosts, which share of the threads is its own: `share` of `shares`. */
  share: number;
  shares: number;
}

/** A program that may be killed at any moment, or asked to end. */
export interface Program {
  order: Order;
  plan: Plan;
  clock: Clock;
  stopping: AbortSignal;
}

/** Reads the command line, and hears when it is asked to end. */
export function readProgram(): Program {
  const order = JSON.parse(process.argv[2] ?? "{}") as Order;
  const stopping = new AbortController();
  process.on("SIGTERM", () => stopping.abort());
  return { order, plan: readPlan(order.plan), clock: clockAhead(order.aheadMs), stopping: stopping.signal };
}

/** The machine's clock, so much ahead. */
export function clockAhead(ms: number): Clock {
  return ms === 0 ? systemClock : { ...systemClock, now: () => new Date(systemClock.now().getTime() + ms) };
}

/** Waits until the database is there, and opens the agent; undefined if it is asked to end before. */
export async function openPatiently(
  { order, plan, clock, stopping }: Program,
  keys: keyof Plan["keys"],
  options: AgentOptions,
): Promise<Agent | undefined> {
  while (!stopping.aborted) {
    try {
      return await openAgent(plan, order.url, keys, { clock, ...options });
    } catch (error) {
      tellTrouble("opening", error);
      await pause(100, stopping);
    }
  }
  return undefined;
}

/** Says that it works. */
export function sayReady(): void {
  process.stdout.write("ready\n");
}

/** Says what went wrong, for whoever looks into it. */
export function tellTrouble(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${error instanceof Error ? error.message : String(error)}\n`);
}

/** Waits, but not once it is asked to end. */
export async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await systemClock.sleep(ms, stopping).catch(() => undefined);
}
