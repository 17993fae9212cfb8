/** A process that decides: it writes down what was acknowledged, after it was. */
import { seededRandom } from "assent/testing";
import { acknowledgedBy } from "../acknowledgements.js";
import { isShare } from "../beginning.js";
import { Decider } from "../decider.js";
import { openPatiently, readProgram, sayReady } from "../program.js";

const program = readProgram();
const { order, plan, stopping } = program;
const agent = await openPatiently(program, "deciders", { connectionsMax: 3 });
if (agent !== undefined) {
  const decider = new Decider({
    agent,
    by: await agent.people.authenticate({ id: order.name }),
    // Another life decides otherwise than the one before.
    random: seededRandom(order.seed + process.pid),
    onAcknowledged: acknowledgedBy(plan, order.name),
    isOwn: (reviewId) => isShare(reviewId, order),
  });
  sayReady();
  await decider.run(stopping);
  await agent.postgres.close();
}
