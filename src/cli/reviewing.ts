import { readFile } from "node:fs/promises";
import type { Principal } from "../authority/authenticator.js";
import { localUser } from "../authority/local-user.js";
import type { QueuePage } from "../ledger/queueing.js";
import { AssentError } from "../model/error.js";
import { oneLine } from "../model/visible-text.js";
import type { Assent } from "../nodes/assent.js";
import type { CommandRun } from "./command.js";
import { loadConfig } from "./config-file.js";
import { wordsOf } from "./load-module.js";

/** The most reviews that an abbreviated id is looked for in. */
const LOOKED_MAX = 20_000;
const PAGE = 500;

const WHOLE_ID = /^rv_[0-9a-f]{32}$/;
const START_OF_ID = /^rv_[0-9a-f]{6,31}$/;

/** What every one of these commands ends with. */
export const REVIEW_CODES = `Ends with 0 if it is done, 1 if it is refused, 2 if the command or the
configuration cannot be read, 3 if the database is away.`;

/** What every one of these commands that names a review says of it. */
export const REVIEW_ID = `ID is a review (rv_…). Of one that is open, rv_ and the first six or more
characters after it will do where no other begins with them.`;

/** Which refusals are the answer that somebody asked for: no. Nothing is broken, and nothing has changed. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 409, 413, 422]);

/** Does some work with the configured Assent; what Assent refuses is the answer, which is no. */
export async function withAssent(run: CommandRun, work: (assent: Assent) => Promise<number>): Promise<number> {
  const { config } = await loadConfig(process.cwd(), run.options.config);
  try {
    return await work(config.assent);
  } catch (error) {
    if (!AssentError.isInstance(error)) throw error;
    const { code, message } = error;
    if (code === "query_invalid" || code === "cursor_invalid") throw new AssentError("usage", { what: message });
    // The ledger changed at the same moment: that is no answer yet.
    if (!REFUSALS.has(error.httpStatus) || code === "ledger_conflict") throw error;
    if (run.options.json) run.print(JSON.stringify({ ok: false, error: code, message }));
    else run.note(`assent: ${oneLine(message, Infinity)} [${code}]`);
    return 1;
  }
}

/**
 * The OS user of this process, by the configuration's own authenticator of that name: it may be of another copy of the
 * package.
 *
 * @throws AssentError `principal_unverified` if it is not among the configuration's.
 */
export async function osUser({ authenticators }: Assent): Promise<Principal> {
  const { name } = localUser;
  const accepted: typeof localUser | undefined = authenticators.find((each) => each.name === name);
  if (accepted !== undefined) return accepted.authenticate();
  throw new AssentError("principal_unverified", {
    what: "You act here as the user of this operating system, and the configuration does not accept that",
    where: "authenticators",
    seen: authenticators.map((each) => each.name),
    fix: "Add localUser to the `authenticators` of createAssent, or decide where you sign in",
  });
}

/** The one word of a command that takes a review. */
export function idIn({ positionals }: CommandRun, command: string): string {
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) {
    throw new AssentError("usage", { what: `\`${command}\` takes one review`, seen: positionals });
  }
  if (WHOLE_ID.test(id) || START_OF_ID.test(id)) return id;
  throw new AssentError("usage", {
    what: "This is no review",
    seen: id,
    fix: "An id is rv_ and 32 characters from 0 to 9 and a to f; the first six of them or more will do",
  });
}

/**
 * The whole id of a review, of which perhaps only the beginning is known.
 *
 * @throws AssentError `review_unknown`; `usage` if several begin so.
 */
export async function wholeId(assent: Assent, id: string): Promise<string> {
  if (WHOLE_ID.test(id)) return id;
  const found: string[] = [];
  let looked = 0;
  // What is put aside stands in a queue of its own.
  for (const isSnoozed of [false, true]) {
    let cursor: string | null = null;
    do {
      const filter = isSnoozed ? { isSnoozed } : {};
      const limit = Math.min(PAGE, LOOKED_MAX - looked);
      if (limit < 1) break;
      const page: QueuePage = await assent.queue.page({ ...filter, order: "oldest", limit, cursor });
      looked += page.items.length;
      found.push(...page.items.filter((item) => item.id.startsWith(id)).map((item) => item.id));
      if (found.length > 1) throw ambiguous(id, found);
      cursor = page.next;
    } while (cursor !== null);
  }
  if (found[0] !== undefined) return found[0];
  const among = looked >= LOOKED_MAX ? ` among the first ${LOOKED_MAX} of the queue` : " in the queue";
  throw new AssentError("review_unknown", {
    what: `No open review${among} has an id that begins so`,
    where: "ID",
    seen: id,
    fix: "Give the whole id, which is needed for what is closed and for what waits behind its agent's others",
  });
}

function ambiguous(id: string, found: readonly string[]): AssentError {
  return new AssentError("usage", {
    what: "Several open reviews have ids that begin so",
    seen: id,
    fix: `Say more of it: ${found.slice(0, 3).join(", ")}`,
  });
}

/**
 * The JSON that an option gives, in itself or as `@FILE`.
 *
 * @throws AssentError `usage`.
 */
export async function jsonIn(option: string, said: string | undefined): Promise<unknown> {
  const name = `--${option}`;
  if (said === undefined) {
    throw new AssentError("usage", { what: `${name} is missing`, fix: `Say ${name} JSON, or ${name} @FILE` });
  }
  const file = said.startsWith("@") ? said.slice(1) : null;
  const text = file === null ? said : await textOf(file, name);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AssentError("usage", { what: `${name} is no JSON: ${wordsOf(cause)}`, where: file ?? name, cause });
  }
}

async function textOf(file: string, name: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new AssentError("usage", {
      what: `The file that ${name} names cannot be read: ${wordsOf(cause)}`,
      where: file,
      fix: "Check that the path is right and that it is UTF-8 text",
      cause,
    });
  }
}

/**
 * The number that an option gives.
 *
 * @throws AssentError `usage`.
 */
export function numberIn(
  option: string,
  said: string | undefined,
  bounds: { least: number; most: number; isWhole: boolean },
): number | undefined {
  if (said === undefined) return undefined;
  const { least, most, isWhole } = bounds;
  const value = Number(said);
  if (said.trim() !== "" && value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new AssentError("usage", { what: `\`--${option}\` takes ${kind} from ${least} to ${most}`, seen: said });
}
