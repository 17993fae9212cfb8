import type { Principal } from "../authority/authenticator.js";
import type { QueueItem } from "../ledger/queueing.js";
import type { Assent } from "../nodes/assent.js";
import { columnsFor } from "./columns.js";
import type { Command, CommandOptions, OptionName } from "./command.js";
import { linesOf, pageFor } from "./page.js";
import { idIn, osUser, REVIEW_CODES, REVIEW_ID, wholeId, withAssent } from "./reviewing.js";

/** What somebody does with a review that is not to decide it. */
export interface HandlingCommand<Said> {
  what: string;
  summary: string;
  details: string;
  options: readonly OptionName[];
  /** Which of them it cannot do without, such as `--until WHEN`. */
  needs?: string;
  /** Reads its options, before anything is opened. */
  said: (options: CommandOptions) => Said;
  handle: (assent: Assent, reviewId: string, doing: { by: Principal; said: Said }) => Promise<QueueItem>;
  /** What then is so. */
  told: (item: QueueItem) => string;
  /** What may be a mistake, said on standard error. */
  warning?: (item: QueueItem) => string | null;
}

/** The command `review WHAT ID`. */
export function handlingCommand<Said>(command: HandlingCommand<Said>): Command {
  const name = `review ${command.what}`;
  return {
    name,
    takes: "ID",
    ...(command.needs !== undefined && { needs: command.needs }),
    summary: command.summary,
    details: `${command.details}\n\n${REVIEW_ID}\n\n${REVIEW_CODES}`,
    options: [...command.options, "config", "json"],
    endsProcess: true,
    async run(run) {
      const id = idIn(run, name);
      const said = command.said(run.options);
      return withAssent(run, async (assent) => {
        const by = await osUser(assent);
        const item = await command.handle(assent, await wholeId(assent, id), { by, said });
        run.print(run.options.json ? JSON.stringify(item) : linesOf(command.told(item), pageFor(run).columns, ""));
        const warning = command.warning?.(item) ?? null;
        if (warning !== null) run.note(linesOf(`Warning: ${warning}`, columnsFor(process.stderr), ""));
        return 0;
      });
    },
  };
}
