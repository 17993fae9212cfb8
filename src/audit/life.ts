import { auditId } from "../model/case.js";
import type { Verdict } from "../model/decision.js";
import type { Fallback } from "../model/requirement.js";
import { isAutomatic, type Route } from "../model/routing.js";
import type { CaseEvent } from "./event-data.js";

type Of<Kind extends CaseEvent["kind"]> = Extract<CaseEvent, { kind: Kind }>["data"];

/** What the log has said about one round. */
export interface RoundInLog {
  argsDigest: string;
  /** Whether a modification or an answer made it; its author's approval may be the permit's basis. */
  modified: boolean;
  route: Route | null;
  review: string | null;
  /** Whether its review asks what became of an effect in doubt: an answer then makes no new arguments. */
  reconciles: boolean;
  /** What was said on it, in order: votes, and what settles it alone. */
  verdicts: Verdict[];
  /** What the last deadline that passed brought about. */
  fallback: Fallback | null;
  /** Whether its review was withdrawn, and has not been asked for again. */
  withdrawn: boolean;
  permit: { id: string; basis: Of<"permitted">["basis"] } | null;
  claimed: boolean;
}

/** The end of a case in the log. */
export type ClosingInLog = Of<"executed"> | Of<"failed"> | Of<"closed">;

/**
 * One proposal's life as the log tells it. Rows are legal in this order and no other:
 *
 * | row | legal when | then |
 * | --- | --- | --- |
 * | `proposed` | nothing came before | round 1 is current |
 * | `routed` | it is about the current round, which is not routed | |
 * | `asked` | it is about the current round, routed and unsettled; always the same review | |
 * | `decided` | the current round's review was asked for and is unsettled; the arguments are the round's | after `modify` and `answer` the next round, of the new arguments, is current, unless it was answered what became of an effect in doubt |
 * | `expired` | the current round's review was asked for and is unsettled, and has not ended for want of a decision before | |
 * | `withdrawn` | as `expired` | it can be asked for again, and nothing else |
 * | `handled` | it names the current round's review | |
 * | `redrafted` | the current round was decided with `revise`; it names the next one | the next round, of the new arguments, is current |
 * | `permitted`, basis `policy` | the current round was routed to `execute` or `flag`, or its review ended without a decision and with `execute`; its first permit, for its arguments | |
 * | `permitted`, basis `decisions` | somebody approved the current round, or made it by a modification or an answer; likewise | |
 * | `claimed` | it names the current round's permit (again after a takeover) | |
 * | `executed`, `failed` | the current round's permit was claimed | the end |
 * | `closed` | nothing was claimed; somebody who voted did not approve, or the route is `suggest` or `block`, as the status says; `expired` once routed | the end |
 * | `refused` | anything but the very first row, also after the end; one that voids names the current permit, unclaimed | after voiding the next round, of the same arguments, is current |
 *
 * After the end only `refused` is legal. A round is settled by its permit, and by a decision that is no vote and no
 * escalation. Whether votes are as many as a quorum asks for is looked at where the cases are.
 */
export class Life {
  readonly proposalId: string;
  /** Rounds by their number, from 1; index 0 is unused. */
  readonly rounds: (RoundInLog | undefined)[] = [undefined];
  /** Digests of decision statements, by decision id. */
  readonly decisions = new Map<string, string>();
  closing: ClosingInLog | null = null;

  constructor(proposalId: string) {
    this.proposalId = proposalId;
  }

  /** Adds the next event. Says why it is illegal, or null; an illegal one is added too, so the rest is still judged. */
  add(event: CaseEvent): string | null {
    if (this.rounds.length === 1 && event.kind !== "proposed") {
      this.#openRound("", false);
      return `"${event.kind}" comes before "proposed"`;
    }
    if (this.closing !== null && event.kind !== "refused") return `"${event.kind}" comes after the end of the case`;
    switch (event.kind) {
      case "proposed":
        return this.#proposed(event.data);
      case "routed":
        return this.#routed(event.data);
      case "asked":
        return this.#asked(event.data);
      case "decided":
        return this.#decided(event.data);
      case "expired":
        return this.#expired(event.data);
      case "handled":
        return this.#current.review === event.data.review ? null : "its round has another review";
      case "withdrawn":
        return this.#withdrawn(event.data);
      case "redrafted":
        return this.#redrafted(event.data);
      case "refused":
        return this.#refused(event.data);
      case "permitted":
        return this.#permitted(event.data);
      case "claimed":
        return this.#claimed(event.data);
      case "executed":
      case "failed":
      case "closed":
        return this.#closed(event.data);
      default:
        return event satisfies never;
    }
  }

  get #number(): number {
    return this.rounds.length - 1;
  }

  get #current(): RoundInLog {
    return this.rounds[this.#number] ?? this.#openRound("", false);
  }

  #openRound(argsDigest: string, modified: boolean): RoundInLog {
    const nothing = { route: null, review: null, fallback: null, permit: null };
    const open = { verdicts: [], reconciles: false, withdrawn: false, claimed: false };
    const round: RoundInLog = { argsDigest, modified, ...nothing, ...open };
    this.rounds.push(round);
    return round;
  }

  #wrongRound(round: number): string | null {
    return round === this.#number ? null : `it is about round ${round} while round ${this.#number} is current`;
  }

  #proposed({ argsDigest }: Of<"proposed">): string | null {
    if (this.rounds.length > 1) return "it was proposed before";
    this.#openRound(argsDigest, false);
    return null;
  }

  #routed({ round, route }: Of<"routed">): string | null {
    const again = this.#current.route !== null;
    this.#current.route = route;
    return this.#wrongRound(round) ?? (again ? "its round was routed before" : null);
  }

  #asked({ round, review, kind }: Of<"asked">): string | null {
    const current = this.#current;
    const other = current.review !== null && current.review !== review;
    Object.assign(current, { review, withdrawn: false, reconciles: kind === "reconciliation" });
    const wrong = this.#wrongRound(round);
    if (wrong !== null) return wrong;
    if (current.route === null) return "a person was asked before the policy had routed it";
    if (current.permit !== null) return "a person was asked after a permit was issued";
    if (isSettled(current)) return "a person was asked after the round was decided";
    return other ? "its round has another review" : null;
  }

  #decided({
    decision,
    review,
    round,
    verdict,
    argsDigest,
    newArgsDigest,
    statementDigest,
  }: Of<"decided">): string | null {
    const current = this.#current;
    const wrong = this.#wrongRound(round) ?? whyNotDecided(current, review, argsDigest);
    current.verdicts.push(verdict);
    this.decisions.set(decision, statementDigest);
    if (verdict !== "modify" && (verdict !== "answer" || current.reconciles)) return wrong;
    this.#openRound(newArgsDigest ?? "", true);
    return wrong ?? (newArgsDigest === null ? `a decision "${verdict}" has no new arguments` : null);
  }

  #expired({ review, round, otherwise }: Of<"expired">): string | null {
    const current = this.#current;
    const wrong = this.#wrongRound(round) ?? whyNotDecided(current, review, current.argsDigest);
    current.fallback = otherwise;
    return wrong;
  }

  #withdrawn({ review, round }: Of<"withdrawn">): string | null {
    const current = this.#current;
    const wrong = this.#wrongRound(round) ?? whyNotDecided(current, review, current.argsDigest);
    current.withdrawn = true;
    return wrong;
  }

  #redrafted({ round, argsDigest }: Of<"redrafted">): string | null {
    const asked = this.#current.verdicts.at(-1) === "revise" && round === this.#number + 1;
    this.#openRound(argsDigest, false);
    return asked ? null : "another draft was made that nobody had asked for";
  }

  #refused({ voids }: Of<"refused">): string | null {
    if (voids === undefined) return null;
    const { permit, claimed, argsDigest } = this.#current;
    const wrong = this.closing !== null || permit?.id !== voids || claimed;
    this.#openRound(argsDigest, false);
    return wrong ? "it voids a permit that could not be voided" : null;
  }

  #permitted({ permit, round, basis, argsDigest }: Of<"permitted">): string | null {
    const current = this.#current;
    const again = current.permit !== null;
    current.permit = { id: permit, basis };
    const wrong = this.#wrongRound(round);
    if (wrong !== null) return wrong;
    if (again) return "its round had a permit before";
    if (argsDigest !== current.argsDigest) return "the permit is for other arguments than the round's";
    if (current.route === null) return "a permit was issued before the policy had routed it";
    if (basis === "policy") {
      const isDue = !current.verdicts.includes("reject") && current.fallback === "execute";
      return isAutomatic(current.route) || isDue
        ? null
        : `a permit of basis policy was issued on the route "${current.route}"`;
    }
    return isApproved(current) ? null : "a permit of basis decisions was issued without an approval";
  }

  #claimed({ permit }: Of<"claimed">): string | null {
    const current = this.#current;
    current.claimed = true;
    return current.permit?.id === permit ? null : "a permit was claimed that had not been issued for its round";
  }

  #closed(closing: ClosingInLog): string | null {
    this.closing = closing;
    if (closing.case !== auditId(this.proposalId)) return "it closes another case";
    const { claimed, verdicts, route } = this.#current;
    switch (closing.status) {
      case "executed":
      case "failed":
      case "in-doubt":
        return claimed ? null : `"${closing.status}" was recorded without a claimed permit`;
      case "rejected":
        return verdicts.some((verdict) => verdict === "reject" || verdict === "abstain")
          ? null
          : "it was closed as rejected without a rejection";
      case "suggested":
        return route === "suggest" ? null : 'it was closed as suggested without the route "suggest"';
      case "blocked":
        return route === "block" ? null : 'it was closed as blocked without the route "block"';
      case "expired":
        return claimed || route === null ? "it expired while running, or before it was routed" : null;
      case "undone":
        return "it was undone without having been executed";
      default:
        return closing satisfies never;
    }
  }
}

function whyNotDecided(round: RoundInLog, on: string, about: string): string | null {
  const { review, fallback, withdrawn, argsDigest } = round;
  if (fallback === "reject" || fallback === "execute") return "its review had ended without a decision";
  if (review === null) return "it was decided before a person was asked";
  if (review !== on) return "the decision is on another review than the round's";
  if (isSettled(round)) return "its round was decided before";
  if (withdrawn) return "its review had been withdrawn";
  return about === argsDigest ? null : "the decision is about other arguments than the round's";
}

/** Whether somebody let the round run. */
export function isApproved({ verdicts, modified }: RoundInLog): boolean {
  return verdicts.includes("approve") || (modified && !verdicts.includes("reject"));
}

/** Whether nothing more can be said on the round. */
function isSettled({ permit, verdicts }: RoundInLog): boolean {
  return permit !== null || verdicts.some((verdict) => !STAYS_OPEN.includes(verdict));
}

const STAYS_OPEN: readonly Verdict[] = ["approve", "reject", "abstain", "escalate"];
