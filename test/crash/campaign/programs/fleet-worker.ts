/** A process that works: it brings decisions to their threads, which run in it, and lets deadlines pass. */
import { createWorker } from "assent/service";
import { openPatiently, pause, readProgram, sayReady, tellTrouble } from "../program.js";
import { WORKER } from "../plan.js";

const program = readProgram();
const { plan, clock, stopping } = program;
const agent = await openPatiently(program, "hosts", { connectionsMax: 3 });
if (agent !== undefined) {
  const { assents, threads, postgres } = agent;
  const pool = postgres.anotherPool(5);
  const worker = createWorker({
    ...WORKER,
    assent: assents.moderate,
    assents: [assents.notify],
    pool,
    schema: plan.schema,
    threads,
    clock,
    onEvent(event) {
      if (event.kind === "failed") tellTrouble(`${event.task} ${JSON.stringify(event.payload)}`, event.error);
      if (event.kind === "trouble") tellTrouble("worker", event.what);
    },
  });
  sayReady();
  stopping.addEventListener("abort", () => void worker.stop());
  while (!stopping.aborted) {
    await worker.run().catch((error: unknown) => tellTrouble("run", error));
    await pause(100, stopping);
  }
  await postgres.close();
}
