/**
 * The main job, end to end: an agent sorts real mail, policy decides what it may do alone, and a person, or the corpus
 * labels, answer for the rest. `npm start` runs this file.
 */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { AssentError, localUser } from "assent";
import { checkAudit } from "assent/audit";
import { reviewInTerminal } from "assent/cli";
import { labelReviewer, lookAgain } from "./label-reviewer.js";
import { isMail, Moderation, threadOf } from "./moderation.js";
import { HELP, readSettings, type Settings } from "./settings.js";
import { openStage, setAside, type Stage } from "./stage.js";
import { startStudio, type Studio } from "./studio.js";
import { renderSummary, Tally, type Summary } from "./tally.js";

/** Says a line on standard error, over a prompt that may stand there. */
const note = (line: string): void => void process.stderr.write(`${process.stderr.isTTY ? "\r\u001b[K" : ""}${line}\n`);

async function main(): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    note(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (settings.help) {
    console.log(HELP);
    return 0;
  }
  const stopping = stopOnSignal();
  const databaseUrl = process.env["DATABASE_URL"];
  if (settings.fresh) await setAside(settings, databaseUrl, note);
  const stage = await openStage(settings, databaseUrl, note);
  let studio: Studio | undefined;
  try {
    if (settings.studio) studio = await openStudio(settings, stage, stopping.signal);
    if (settings.unattended !== null) return await unattended(settings, settings.unattended, stage, stopping.signal);
    return await attended(settings, stage, stopping);
  } finally {
    await studio?.stop();
    await stage.postgres.close();
  }
}

/** Aborts on the first Ctrl-C or SIGTERM: work in hand is finished, nothing new is begun. The second one ends at once. */
function stopOnSignal(): AbortController {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(130);
      note("\nstopping after the messages in hand; the next start goes on from there");
      stopping.abort();
    });
  }
  return stopping;
}

async function openStudio({ studioPort, data }: Settings, { postgres }: Stage, stop: AbortSignal): Promise<Studio> {
  const pidFile = join(data, "studio.pid");
  const studio = await startStudio({ port: studioPort, databaseUrl: postgres.url, pidFile });
  studio.ready.then(
    () =>
      note(
        `LangGraph dev server (open trust): ${studio.url}\nStudio: https://smith.langchain.com/studio?baseUrl=${studio.url}`,
      ),
    (error: unknown) => {
      // Who stops while it is about to start has asked for its end.
      if (!stop.aborted) note(`no Studio: ${error instanceof Error ? error.message : String(error)}`);
    },
  );
  return studio;
}

function moderationOf(
  settings: Settings,
  stage: Stage,
  tally: Tally,
  signal: AbortSignal,
  onWaiting: (id: string) => Promise<number>,
) {
  const onTrouble = (threadId: string, error: unknown): void =>
    note(`${threadId} stays where it is: ${error instanceof Error ? error.message : String(error)}`);
  return new Moderation({ ...stage, tally, signal, onWaiting, onTrouble, concurrency: settings.concurrency });
}

/** Answers from the labels, stops after `limit` messages, prints a summary. */
async function unattended(settings: Settings, limit: number, stage: Stage, stop: AbortSignal): Promise<number> {
  const { assent, mailbox, people, labelOf } = stage;
  const labels = await people.authenticate({ id: "corpus-labels", name: "the corpus labels" });
  const tally = new Tally();
  const moderation = moderationOf(settings, stage, tally, stop, labelReviewer(assent, labels, labelOf));
  const before = await mailbox.count();
  const startedAt = performance.now();
  const progress = progressOf(tally, limit);
  const ticking = setInterval(progress.show, 200);
  try {
    await moderation.work(await moderation.unfinished(), { limit, resumed: true });
    await moderation.work(incoming(mailbox), { limit, resumed: false });
  } finally {
    clearInterval(ticking);
  }
  progress.end();
  const seconds = (performance.now() - startedAt) / 1000;
  note("looking again at what was flagged");
  const secondLooks = await lookAgain(assent, labels, labelOf);
  const after = await mailbox.count();
  note("checking the audit log");
  const audit = await checkAudit(assent.ledger);
  const { messages, executed, flagged, asked, errorsCaught, errorsSlipped } = tally.counts;
  const summary: Summary = {
    messages,
    executed,
    flagged,
    asked,
    decisions: tally.decisions,
    effects: before.incoming - after.incoming,
    errorsCaught,
    errorsSlipped,
    auditOk: audit.ok,
    perSecond: Number((messages / seconds).toFixed(2)),
    secondLooks,
  };
  console.log(renderSummary(summary));
  if (settings.json) console.log(JSON.stringify(summary));
  return audit.ok ? 0 : 1;
}

/** Shows how far the work is: one line kept current on a terminal, a line for each tenth elsewhere. */
function progressOf(tally: Tally, limit: number): { show: () => void; end: () => void } {
  const terminal = process.stderr.isTTY;
  let tenths = 0;
  const line = (): string => {
    const { messages, executed, flagged, asked } = tally.counts;
    return `${messages}/${limit} messages: ${executed} executed, ${flagged} flagged, ${asked} asked`;
  };
  const show = (): void => {
    if (terminal) process.stderr.write(`\r\u001b[K${line()}`);
    const reached = Math.floor((10 * tally.counts.messages) / limit);
    if (terminal || reached === tenths) return;
    tenths = reached;
    note(line());
  };
  return { show, end: () => note(line()) };
}

/** Lets a person review while the agent goes on. */
async function attended(settings: Settings, stage: Stage, stopping: AbortController): Promise<number> {
  const { assent, mailbox, total } = stage;
  const tally = new Tally();
  const moderation = moderationOf(settings, stage, tally, stopping.signal, async () => 0);
  const unfinished = await moderation.unfinished();
  if (unfinished.length > 0) note(`going on with ${unfinished.length} threads that were decided or cut off`);
  await moderation.work(unfinished, { limit: Infinity, resumed: true });
  const agent = moderation.work(incoming(mailbox), { limit: Infinity, resumed: false });
  const inHand = new Set<Promise<unknown>>();
  const waiting = waitingCount(assent);
  try {
    await reviewInTerminal(assent, {
      by: await localUser.authenticate(),
      status: () => tally.line(waiting.count, total),
      signal: stopping.signal,
      onDecided: ({ case: held }) => {
        const { threadId } = held.proposal;
        // A second look at what was flagged has no thread: it is over once it is decided.
        if (!isMail(threadId)) return;
        tally.decisions += 1;
        const trouble = (error: unknown): void => note(`${threadId} stays where it is: ${String(error)}`);
        const work = moderation.bringForward(threadId, true).catch(trouble);
        inHand.add(work);
        void work.finally(() => inHand.delete(work));
      },
    });
    // A person who quits wants to stop. A pipe that ends does not: the agent works on, and reviews wait.
    if (process.stdin.isTTY) stopping.abort();
    await agent;
    await Promise.all(inHand);
  } finally {
    waiting.stop();
  }
  const { messages, executed, flagged, asked } = tally.counts;
  note(`${messages} messages moved: ${executed} by policy, ${flagged} flagged, ${asked} decided by you`);
  return 0;
}

/** How many reviews are open, brought up to date every second. */
function waitingCount({ reviews }: Stage["assent"]): { readonly count: number; stop: () => void } {
  let count = 0;
  const refresh = async (): Promise<void> => {
    // While the ledger is away the last count stands.
    count = await reviews.list({ limit: 1_000 }).then(
      ({ items }) => items.length,
      () => count,
    );
  };
  const timer = setInterval(() => void refresh(), 1_000);
  return {
    get count() {
      return count;
    },
    stop: () => clearInterval(timer),
  };
}

/** Threads of the messages in the incoming folder, oldest first. */
async function* incoming(mailbox: Stage["mailbox"]): AsyncGenerator<string> {
  for (const id of await mailbox.ids("incoming")) yield threadOf(id);
}

process.exitCode = await main().catch((error: unknown) => {
  if (!AssentError.isInstance(error)) throw error;
  note(`${error.message} [${error.code}]`);
  return 3;
});
