import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Faults } from "../faults.js";
import type { Death } from "./host.js";

/** Where a worker in another process finds what it works with. */
export interface Workplace {
  url: string;
  schemaOfThreads: string;
  schemaOfLedger: string;
  folder: string;
  publicFile: string;
}

/** Starts threads in processes that die as hard as a machine that loses power, each at a point of its graph. */
export function dyingWorker(faults: Faults, workplace: Workplace): (death: Death) => Promise<void> {
  return async (death) => {
    faults.holdAt(death.point, death.threadId);
    const program = join(import.meta.dirname, "../served/worker.ts");
    const work = JSON.stringify({ ...death, ...workplace });
    const worker = spawn(process.execPath, ["--import", "tsx", program, work], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [worker.stdout, worker.stderr]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
    const ended = once(worker, "exit");
    await Promise.race([
      faults.untilHeld(death.point, death.threadId),
      ended.then(() => {
        throw new Error(`the worker ended before it was killed: ${said}`);
      }),
    ]);
    worker.kill("SIGKILL");
    await ended;
    faults.letGo(death.point, death.threadId);
  };
}
