import { COUNT_MAX, QUEUE_ORDERS, SCAN_MAX, type QueueFilter, type QueueOrder } from "../../ledger/queueing.js";
import { AssentError } from "../../model/error.js";
import { ReviewKind } from "../../model/review.js";
import type { Assent } from "../../nodes/assent.js";
import type { PageOptions } from "../../nodes/queue.js";
import type { Command, CommandOptions, CommandRun } from "../command.js";
import { counted, linesOf, pageFor } from "../page.js";
import { renderQueue } from "../queue-table.js";
import { numberIn, osUser, REVIEW_CODES, withAssent } from "../reviewing.js";

const FILTERS = ["mine", "snoozed", "action", "agent", "kind", "assignee", "risk-at-least"] as const;

/** `assent review ls`. */
export const reviewLsCommand: Command = {
  name: "review ls",
  takes: "",
  summary: "what waits for people, most urgent first",
  details: `A page of the queue of ./assent.config.ts (.js, .mjs), or --config. The file is
run. What is put aside, and what waits behind more of its agent's than its
budget shows, is left out; --snoozed shows what is put aside. How urgent it is
goes by what is left of its time: of those that have the same urgency the ones
asked first come first. --order deadline goes by the deadline itself.

WAITS is since when, DUE until when, ASIDE for how long it is put aside; WHOSE
is whom it is assigned to, and with a star who looks at it now. Ids are cut;
every \`review\` command takes them so.

${REVIEW_CODES}`,
  options: [...FILTERS, "order", "limit", "cursor", "config", "json"],
  endsProcess: true,
  run: (run) => {
    if (run.positionals.length > 0) {
      throw new AssentError("usage", { what: "`review ls` takes no words", seen: run.positionals });
    }
    const { limit, cursor, ...said } = run.options;
    const order = oneOf("order", said.order, QUEUE_ORDERS);
    const asked = named(said);
    const most = numberIn("limit", limit, { least: 1, most: 500, isWhole: true });
    return withAssent(run, async (assent) => {
      const filter = { ...asked, ...(said.mine && (await forMe(assent))) };
      const place = { ...(order && { order }), ...(most && { limit: most }), ...(cursor !== undefined && { cursor }) };
      await list(run, assent, { filter, place });
      return 0;
    });
  },
};

async function list(
  run: CommandRun,
  assent: Assent,
  { filter, place }: { filter: QueueFilter; place: Pick<PageOptions, "order" | "limit" | "cursor"> },
): Promise<void> {
  const page = await assent.queue.page({ ...filter, ...place });
  const total = await assent.queue.count(filter);
  const aside = await assent.queue.count({ ...filter, isSnoozed: true });
  if (run.options.json) {
    run.print(JSON.stringify({ ...page, total, aside }));
    return;
  }
  const { columns, paint } = pageFor(run);
  const { items, next, isCapped } = page;
  const say = (text: string): void => run.print(linesOf(text, columns, "", paint.dim));
  if (items.length > 0) run.print(`${renderQueue(items, { columns, paint }, assent.clock.now())}\n`);
  if (filter.isSnoozed === true) say(`${counted(items.length, "review")} here, ${inAll(total)} put aside.`);
  else {
    say(`${counted(items.length, "review")} here, ${inAll(total)} in all.`);
    if (aside.count > 0) say(`Besides, put aside: ${inAll(aside)}; --snoozed shows them.`);
  }
  if (items.some(({ claim }) => claim !== null)) say("* looks at it now.");
  if (isCapped) {
    say(`It looked at the first ${SCAN_MAX.toLocaleString("en")} of this order only; more may follow.`);
  }
  // On a line of its own and whole, however wide: it is to be copied.
  if (next !== null) run.print(`${paint.dim("Next page, with the same options:")}\n--cursor ${next}`);
}

function inAll({ count, isExact }: { count: number; isExact: boolean }): string {
  return isExact ? count.toLocaleString("en") : `more than ${COUNT_MAX.toLocaleString("en")}`;
}

/** What options ask for. */
function named({
  snoozed,
  action,
  agent,
  kind,
  assignee,
  "risk-at-least": risk,
}: Omit<CommandOptions, "limit" | "cursor">): QueueFilter {
  const ofKind = oneOf("kind", kind, ReviewKind.options);
  const riskAtLeast = numberIn("risk-at-least", risk, { least: 0, most: 1, isWhole: false });
  return {
    ...(snoozed && { isSnoozed: true }),
    ...(action !== undefined && { action }),
    ...(agent !== undefined && { agent }),
    ...(ofKind && { kind: ofKind }),
    ...(assignee !== undefined && { assignee: assignee === "-" ? null : assignee }),
    ...(riskAtLeast !== undefined && { riskAtLeast }),
  };
}

/** What asks for whoever runs this. Nothing is anybody's who is not asked for, so that is what is theirs, too. */
async function forMe(assent: Assent): Promise<QueueFilter> {
  const { id, roles, groups = [] } = await osUser(assent);
  const known = await assent.reviewers.get(id);
  const all = { roles: [...roles, ...(known?.roles ?? [])], groups: [...groups, ...(known?.groups ?? [])] };
  return { for: { ...all, person: id }, notOf: id, notVotedBy: id };
}

function oneOf<Word extends ReviewKind | QueueOrder>(
  option: string,
  said: string | undefined,
  words: readonly Word[],
): Word | undefined {
  const word = words.find((each) => each === said);
  if (said === undefined || word !== undefined) return word;
  throw new AssentError("usage", { what: `\`--${option}\` takes one of: ${words.join(", ")}`, seen: said });
}
