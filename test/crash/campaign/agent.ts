import { readFileSync } from "node:fs";
import { join } from "node:path";
import { END, START } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import {
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  loadKeys,
  policy,
  systemClock,
  type Assent,
  type Clock,
} from "assent";
import { openPostgres, postgresLedger, type OpenPostgres } from "assent/postgres";
import { createDelivery, localThreads, type Delivery, type Threads } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";
import { FOLDER_OF, mailModeration, type ModerateArgs } from "../../../graphs/mail-moderation/agent.js";
import { openMailbox, type Mailbox } from "../../../graphs/mail-moderation/maildir.js";
import { LEASE_MS, rememberedClassifier, type Plan } from "./plan.js";
import { World } from "./world.js";

/** How long an effect takes, before and after it has happened: as long as a call to another service would. */
const EFFECT_MS = 50;

/**
 * Long enough that nothing expires that somebody decides about, and short enough that all of it would at once by a clock
 * that is an hour ahead.
 */
const TIME_TO_DECIDE = { within: "PT45M", otherwise: "reject" } as const;

/** How the agent is opened. */
export interface AgentOptions {
  /** What its clock says; the machine's own unless said. */
  clock?: Clock;
  /** How many connections its ledger may have, and as many again its threads. */
  connectionsMax?: number;
}

/** The agent of one process, opened. */
export interface Agent {
  /** By the action's name; both on one ledger. */
  assents: { moderate: Assent; notify: Assent };
  people: ReturnType<typeof testAuthenticator>;
  threads: Threads;
  delivery: Delivery;
  mailbox: Mailbox;
  world: World;
  postgres: OpenPostgres;
}

/** Reads the plan that the campaign wrote. */
export function readPlan(path: string): Plan {
  return JSON.parse(readFileSync(path, "utf8")) as Plan;
}

/**
 * The mail-moderation agent in verified trust, with a second gate behind the first: once a message is dealt with, its
 * sender is told. Half of the messages need a person at the first gate, and half of them, others, at the second. The
 * move may be repeated; the notice may not. Hosts hold public keys only.
 */
export async function openAgent(
  plan: Plan,
  url: string,
  keys: keyof Plan["keys"],
  { clock = systemClock, connectionsMax = 6 }: AgentOptions = {},
): Promise<Agent> {
  const postgres = await openPostgres({ url, connectionsMax });
  const world = new World(plan.folder);
  const mailbox = await openMailbox(join(plan.folder, "mailbox"));
  const people = testAuthenticator();
  const ledger = postgresLedger({ pool: postgres.pool, schema: plan.schema });
  const options = {
    ledger,
    trust: "verified",
    authenticators: [people],
    keys: await loadKeys(plan.keys[keys]),
    leaseMs: LEASE_MS,
    clock,
  } as const;
  const { assent: moderate, builder } = mailModeration({
    ...options,
    mailbox,
    classifier: rememberedClassifier(plan),
    policy: policy({
      rules: [{ id: "sure", action: "moderate", when: { confidence: { gt: plan.sureAbove } }, route: "execute" }],
      default: { route: "review", review: TIME_TO_DECIDE },
    }),
  });
  noteMoves(moderate, mailbox, world);
  const tell = noticeTo(world);
  const notify = createAssent({
    ...options,
    actions: [tell],
    policy: policy({
      rules: [{ id: "harmless", action: "notify", when: { risk: { lt: 0.5 } }, route: "execute" }],
      default: { route: "review", review: TIME_TO_DECIDE },
    }),
  });
  const withNotice = addGate(builder, "gate", approvalGate(moderate, { action: "moderate" })).addNode(
    "notice",
    async ({ messageId = "" }) =>
      notify.propose(tell, { messageId }, { key: `${messageId}/notice`, risk: isHarmless(messageId) ? 0 : 1 }),
  );
  const graph = addGate(withNotice, "notices", approvalGate(notify, { action: "notify" }))
    .addEdge(START, "classify")
    .addEdge("classify", "gate")
    .addEdge("gate", "notice")
    .addEdge("notice", "notices")
    .addEdge("notices", END)
    .compile({ checkpointer: new PostgresSaver(postgres.anotherPool(), undefined, { schema: plan.threadsSchema }) });
  const threads = localThreads({ graphs: { graph } });
  const delivery = createDelivery({ ledger, threads, assents: [moderate, notify] });
  return { assents: { moderate, notify }, people, threads, delivery, mailbox, world, postgres };
}

/** Writes down what the agent's own action moves, and under which key: the mailbox itself keeps no keys. */
function noteMoves(assent: Assent, mailbox: Mailbox, world: World): void {
  const action = assent.action("moderate");
  action.run = async ({ messageId, verdict, sender }: ModerateArgs, { idempotencyKey }: { idempotencyKey: string }) => {
    const to = FOLDER_OF[verdict];
    await systemClock.sleep(EFFECT_MS);
    const move = await (to === "rejected" ? mailbox.reject(messageId, sender) : mailbox.move(messageId, to));
    world.moved(idempotencyKey, messageId, move);
    await systemClock.sleep(EFFECT_MS);
    return { folder: to };
  };
}

function noticeTo(world: World) {
  return defineAction({
    name: "notify",
    args: z.object({ messageId: z.string() }),
    summary: ({ messageId }) => `Tell the sender of message ${messageId} what became of it`,
    idempotent: false,
    run: async ({ messageId }, { idempotencyKey }) => {
      await systemClock.sleep(EFFECT_MS);
      world.notify(idempotencyKey, messageId);
      await systemClock.sleep(EFFECT_MS);
    },
  });
}

/** Half of the messages, for no better reason than their ids. */
function isHarmless(messageId: string): boolean {
  return Number.parseInt(messageId.at(-1) ?? "0", 16) % 2 === 0;
}
