import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { addGate, approvalGate, loadKeys, loadPolicy, localUser, type Assent } from "assent";
import { migrate, openPostgres, postgresLedger, type OpenPostgres } from "assent/postgres";
import { createDelivery, localThreads, type Delivery, type Threads } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { END, START } from "@langchain/langgraph";
import { mailModeration } from "../../graphs/mail-moderation/agent.js";
import { trainMailClassifier, type MailVerdict } from "../../graphs/mail-moderation/classifier.js";
import { loadCorpus, splitCorpus, type Label, type Mail } from "../../graphs/mail-moderation/corpus.js";
import { openMailbox, type Mailbox } from "../../graphs/mail-moderation/maildir.js";
import { readMessage } from "../../graphs/mail-moderation/message.js";
import type { Settings } from "./settings.js";

/** The schema of LangGraph's own tables. */
const THREADS_SCHEMA = "langgraph";

/** How long a claim on a permit survives its worker: a move takes milliseconds, so a dead worker's is soon taken over. */
const LEASE_MS = 5_000;

/** Everything that a run works on, opened. */
export interface Stage {
  assent: Assent;
  people: ReturnType<typeof testAuthenticator>;
  threads: Threads;
  delivery: Delivery;
  mailbox: Mailbox;
  postgres: OpenPostgres;
  labelOf: (messageId: string) => Label;
  proposedFor: (messageId: string) => Promise<MailVerdict>;
  total: number;
}

/** Sets what is there aside under a dated name, so that the next start is a first one. */
export async function setAside({ data }: Settings, databaseUrl: string | undefined, note: Note): Promise<void> {
  const suffix = new Date()
    .toISOString()
    .replaceAll(/[^0-9]/g, "")
    .slice(0, 14);
  const postgres = await openPostgres({ url: databaseUrl, directory: join(data, "postgres") });
  try {
    if (!postgres.embedded) {
      for (const schema of ["assent", "assent_studio", THREADS_SCHEMA]) {
        await postgres.pool.query(`do $$ begin if exists (select from pg_namespace where nspname = '${schema}')
          then alter schema ${schema} rename to ${schema}_until_${suffix}; end if; end $$`);
      }
    }
  } finally {
    await postgres.close();
  }
  if (existsSync(join(data, "postgres", "data", "postmaster.pid"))) {
    throw new Error(`another process uses ${data}: stop it first, or name another folder with --data`);
  }
  await rename(data, `${data}-${suffix}`);
  note(`set aside: ${data}-${suffix}`);
}

/** Tells one line about what is going on. */
export type Note = (line: string) => void;

/** Opens Postgres, the mailbox, the classifier and the graph. */
export async function openStage(settings: Settings, databaseUrl: string | undefined, note: Note): Promise<Stage> {
  await mkdir(settings.data, { recursive: true });
  const postgres = await openPostgres({ url: databaseUrl, directory: join(settings.data, "postgres"), log: note });
  try {
    await migrate({ pool: postgres.pool });
    const saver = new PostgresSaver(postgres.anotherPool(), undefined, { schema: THREADS_SCHEMA });
    await saver.setup();

    note("reading the corpus");
    const corpus = splitCorpus(loadCorpus());
    note(`training on ${corpus.training.length} messages, calibrating on ${corpus.calibration.length}`);
    const classifier = await trainMailClassifier(corpus);
    const mails = new Map(corpus.work.map((mail) => [mail.id, mail]));
    const mailbox = await openMailbox(join(settings.data, "mailbox"));
    await mailbox.depositAll(corpus.work);
    note(`${corpus.work.length} messages in ${join(settings.data, "mailbox")}`);

    const people = testAuthenticator();
    const policy = await loadPolicy(join(import.meta.dirname, "../../graphs/mail-moderation/policy.yaml"));
    const { assent, builder } = mailModeration({
      mailbox,
      classifier,
      policy,
      ledger: postgresLedger({ pool: postgres.pool }),
      trust: "verified",
      authenticators: [localUser, people],
      // One process does everything here, so it holds the private key too.
      keys: await loadKeys(join(settings.data, "keys"), { create: true }),
      leaseMs: LEASE_MS,
    });
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "classify")
      .addEdge("classify", "gate")
      .addEdge("gate", END)
      .compile({ checkpointer: saver });
    const threads = localThreads({ graphs: { graph } });
    const delivery = createDelivery({ ledger: assent.ledger, threads });
    const mailOf = (id: string): Mail => {
      const mail = mails.get(id);
      if (mail === undefined) throw new Error(`the corpus has no message ${id}`);
      return mail;
    };
    return {
      assent,
      people,
      threads,
      delivery,
      mailbox,
      postgres,
      labelOf: (id) => mailOf(id).label,
      proposedFor: async (id) => classifier.classify(await readMessage(mailOf(id).raw)).verdict,
      total: corpus.work.length,
    };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
