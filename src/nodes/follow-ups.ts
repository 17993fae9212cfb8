import { requirePrincipal, type Principal } from "../authority/authenticator.js";
import type { Case } from "../model/case.js";
import { AssentError } from "../model/error.js";
import { followUpId, undoId } from "../model/follow-up.js";
import { undosOf } from "../ledger/following.js";
import { oneLine } from "../model/visible-text.js";
import type { Assent } from "./assent.js";
import { opened, secondLook, suggested, trustAfter, type FollowUpDraft } from "./follow-up-cases.js";
import { routedFollowUp } from "./follow-up-gate.js";
import { requirementAfter } from "./follow-up-terms.js";
import { executedCase, standingUndo, takenBackOf, undoName } from "./taking-back.js";

/** Who wants an effect taken back, and why. */
export interface UndoOptions {
  /** Who asks for it: a principal from an accepted authenticator, never a string. They cannot let it happen themselves. */
  by: Principal;
  /** Shown to whoever decides. */
  why: string;
}

/** What somebody reports. */
export interface IncidentReport {
  /** Who reports it: a principal from an accepted authenticator, never a string. They do not decide on it. */
  by: Principal;
  /** In their words. */
  what: string;
  /** The case that it is about, if that is known; an outcome's `proposalId`. */
  proposal?: string;
  /** The agent that it is about, where no case is known. */
  agent?: string;
}

/**
 * What follows on cases that are closed, beside what opens by itself; `assent.followUps`.
 *
 * @example
 * ```ts
 * import type { Assent, Outcome, Principal } from "assent";
 *
 * declare const [assent, ana, outcome]: [Assent, Principal, Outcome];
 *
 * const { review } = await assent.followUps.undo(outcome.proposalId, { by: ana, why: "Paid twice" });
 * console.log(review?.id); // somebody else approves it
 * await assent.followUps.report({ by: ana, what: "A customer complains", proposal: outcome.proposalId });
 * ```
 */
export interface FollowUps {
  /**
   * Asks people whether an executed effect is taken back, by its action's `undo`: a case of its own, of the action
   * `undo-` and the old one's name, routed by the policy and never laxer than `review`. A case has one at a time: asking
   * again gives that, or the case in which it is run again, and opens another once it has ended without taking anything
   * back, or people found so. It runs once approved, by whatever delivers decisions (`createWorker`, or `createDelivery`
   * with `assents`), and not where an appeal has taken the effect back already. Call it where the process may propose.
   *
   * @throws AssentError `principal_unverified`, `decision_invalid` without a reason, `proposal_unknown`; `args_invalid` for
   *   what was not executed, or has no `undo`; `action_unknown`, and what the ledger throws.
   */
  undo(proposalId: string, options: UndoOptions): Promise<Case>;
  /**
   * Brings an incident before people. About a known case it is a second look at it, urgent, for nobody who had a part in
   * it: `approve` if the agent was right, `reject` if it was wrong. Otherwise somebody looks at what was reported:
   * `approve` once it is dealt with, `reject` if it is none. The same report again gives the same case.
   *
   * @throws AssentError `principal_unverified`, `decision_invalid` without words, `proposal_unknown`, `args_invalid` for a
   *   case that is still open, and what the ledger throws.
   */
  report(incident: IncidentReport): Promise<Case>;
}

/** The follow-ups of one Assent. */
export function followUpsOf(assent: Assent): FollowUps {
  return {
    undo: (proposalId, options) => undo(assent, proposalId, options),
    report: (incident) => report(assent, incident),
  };
}

async function undo(assent: Assent, proposalId: string, options: UndoOptions): Promise<Case> {
  const by = requirePrincipal(options.by, assent.authenticators);
  const why = wordsIn("why", options.why);
  const standing = await standingUndo(assent, proposalId);
  if (standing !== null) return standing;
  const id = undoId(proposalId, (await undosOf(assent.ledger, proposalId)).length + 1);
  const old = await executedCase(assent, proposalId);
  const action = undoActionFor(assent, old);
  const args = takenBackOf(old);
  const { amount } = old.round.facts;
  const draft: FollowUpDraft = {
    kind: "undo",
    id,
    old,
    action: action.name,
    args,
    agent: old.proposal.agent,
    requestedBy: by.id,
    facts: amount === undefined ? {} : { amount },
    summary: action.summary(args),
    told: { askedBy: by.name, why },
    trust: trustAfter(assent, old),
    at: assent.clock.now().toISOString(),
  };
  return assent.ledger.followUp(await routedFollowUp(assent, draft));
}

/** How a case's effect is taken back. */
function undoActionFor(assent: Assent, { proposal }: Case) {
  const action = assent.action(proposal.action);
  const name = undoName(action.name);
  if (action.undo !== undefined && name !== null && !assent.actions.some((listed) => listed.name === name)) {
    return assent.action(name);
  }
  throw new AssentError("args_invalid", {
    what:
      action.undo === undefined
        ? `Action "${action.name}" says nowhere how it is taken back`
        : `What takes "${action.name}" back has to be called undo-${action.name}, which is taken or too long`,
    where: `proposal ${proposal.id}`,
    fix: action.undo === undefined ? "Give the action an undo" : "Rename the action",
  });
}

async function report(assent: Assent, incident: IncidentReport): Promise<Case> {
  const by = requirePrincipal(incident.by, assent.authenticators);
  const what = wordsIn("what", incident.what);
  const { proposal = "", agent = null } = incident;
  const at = assent.clock.now().toISOString();
  const id = followUpId("incident", proposal, by.id, what);
  const told = { reportedBy: by.name, what };
  if (proposal !== "") {
    const old = await closedCase(assent, proposal);
    const facts = { risk: 1, tags: [...new Set([...(old.round.facts.tags ?? []), "incident"])] };
    const because = `${oneLine(by.name, 80)} has reported an incident`;
    const about = { because: "incident", by: by.id, facts, at, id } as const;
    return assent.ledger.followUp(secondLook(assent, old, because, about, told));
  }
  const draft: FollowUpDraft = {
    kind: "incident",
    id,
    old: null,
    action: "incident",
    args: { what, agent },
    agent: agent ?? "people",
    requestedBy: by.id,
    facts: { risk: 1, tags: ["incident"] },
    summary: `Incident${agent === null ? "" : ` with ${oneLine(agent, 80)}`}: ${oneLine(what, 200)}`,
    told,
    trust: assent.trust,
    at,
  };
  const explanation = `${oneLine(by.name, 80)} has reported it: approve once it is dealt with, reject if it is none.`;
  const requires = requirementAfter(null, assent.followUpTerms.secondLook, [by.id]);
  return assent.ledger.followUp(opened(draft, "second-look", suggested(assent, explanation, requires)));
}

async function closedCase(assent: Assent, proposalId: string): Promise<Case> {
  const held = await assent.ledger.read(proposalId);
  if (held === null) {
    throw new AssentError("proposal_unknown", { what: "There is no such case", where: "proposal", seen: proposalId });
  }
  if (held.outcome !== null) return held;
  throw new AssentError("args_invalid", {
    what: "The case is still open",
    where: `proposal ${proposalId}`,
    fix: "Decide on it, or stop its agent with assent.agents.pause; report what is closed, or the agent without a case",
  });
}

function wordsIn(where: string, words: unknown): string {
  if (typeof words === "string" && words.trim() !== "") return words;
  throw new AssentError("decision_invalid", {
    what: "Say it in words: whoever decides on it reads them",
    where,
    seen: words,
  });
}
