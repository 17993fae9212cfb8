import type { Verdict } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import type { Decided, DecideOptions } from "../nodes/reviews.js";
import type { Command, CommandOptions, CommandRun, OptionName } from "./command.js";
import { linesOf, pageFor } from "./page.js";
import { idIn, osUser, REVIEW_CODES, REVIEW_ID, wholeId, withAssent } from "./reviewing.js";

/** One verdict as a command. */
export interface DecidingCommand {
  verdict: Verdict;
  summary: string;
  /** What it does, in lines of help. */
  details: string;
  /** What it takes besides what all of them take. */
  options?: readonly OptionName[];
  /** Which of them it cannot do without, such as `--args JSON`. */
  needs?: string;
  /** What it says beyond its verdict, read before anything is opened. */
  said?: (options: CommandOptions) => Promise<Pick<DecideOptions, "args" | "answer">>;
}

/** The command `review VERDICT ID`. */
export function decidingCommand({
  verdict,
  summary,
  details,
  options = [],
  needs,
  said = async () => ({}),
}: DecidingCommand): Command {
  const name = `review ${verdict}`;
  return {
    name,
    takes: "ID",
    needs: ["--digest D", ...(needs === undefined ? [] : [needs])].join(" "),
    summary,
    details: `${details}

${REVIEW_ID}
--digest is what \`assent review show ID\` printed: what was seen is what is
decided. You decide as the user of this operating system, whom the
configuration has to accept (localUser).

${REVIEW_CODES}`,
    options: ["digest", ...options, "note", "reason-code", "config", "json"],
    endsProcess: true,
    async run(run) {
      const id = idIn(run, name);
      const { digest, note, "reason-code": reasonCode } = run.options;
      if (digest === undefined) {
        throw new AssentError("usage", {
          what: `\`${name}\` takes the digest of what you saw, so that what was seen is what is decided`,
          fix: `Look at it first: assent review show ${id}. It prints the digest: --digest sha256:…`,
        });
      }
      const more = await said(run.options);
      const words = { ...more, ...(note !== undefined && { note }), ...(reasonCode !== undefined && { reasonCode }) };
      return withAssent(run, async (assent) => {
        const by = await osUser(assent);
        const reviewId = await wholeId(assent, id);
        const decided = await assent.reviews.decide(reviewId, { by, decision: verdict, digest, ...words });
        tell(run, reviewId, decided);
        return 0;
      });
    },
  };
}

function tell(run: CommandRun, reviewId: string, decided: Decided): void {
  const { case: held, decision, repeated } = decided;
  const isOpen = held.review?.id === reviewId && held.review.status === "open";
  if (run.options.json) {
    const { round, permit, outcome } = held;
    const state = { isOpen, round: round.round, isPermitted: permit !== null, outcome };
    run.print(JSON.stringify({ ok: true, reviewId, decision, repeated, ...state }));
    return;
  }
  const { columns, paint } = pageFor(run);
  const { summary } = held.round.display;
  run.print(linesOf(`${DONE[decision.verdict]}: ${summary}`, columns, "", paint.good));
  if (repeated) run.print(linesOf("You had said so before; nothing has changed.", columns, ""));
  run.print(linesOf(whatNext(decided, { isOpen, reviewId }), columns, ""));
}

const DONE: Record<Verdict, string> = {
  approve: "You approved",
  modify: "You modified it to",
  reject: "You rejected",
  answer: "You answered",
  revise: "You asked for another draft of",
  escalate: "You handed on",
  abstain: "You abstained on",
};

function whatNext(
  { case: held, decision }: Decided,
  { isOpen, reviewId }: { isOpen: boolean; reviewId: string },
): string {
  const { outcome, permit, proposal, review } = held;
  if (isOpen && decision.verdict === "escalate") return "It is open: the people of the next step decide.";
  if (isOpen) return "It is still open: others have to decide, too, before anything follows from it.";
  if (outcome !== null)
    return `The case has ended as ${outcome.status}. Thread ${proposal.threadId} is told by a worker.`;
  if (permit !== null && decision.verdict === "answer") {
    return `It is answered. A worker, or whoever runs thread ${proposal.threadId}, hands the answer on.`;
  }
  if (permit !== null) return `It may run. A worker, or whoever runs thread ${proposal.threadId}, goes on with it.`;
  const anew = review?.id === reviewId ? "" : ", and may ask people again";
  return `A worker, or whoever runs thread ${proposal.threadId}, goes on with it${anew}.`;
}
