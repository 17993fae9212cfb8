import { recordOf, requirePrincipal, type Principal } from "../authority/authenticator.js";
import { AssentError } from "../model/error.js";
import type { Reviewer } from "../model/reviewer.js";
import type { Assent } from "./assent.js";

/** What is said of a reviewer; what is left out is empty, and they decide. */
export type ReviewerDetails = Pick<Reviewer, "id"> & Partial<Reviewer>;

/** Who says so, and why. */
export interface RegisterOptions {
  /** A principal from an accepted authenticator, never a string. */
  by: Principal;
  /** For whoever reads the log. */
  reason: string;
}

/**
 * Who decides, and what is known of them beyond what authenticators say: licences and training, for actions that need
 * them; when they are away; and who has a seat, for quorums such as `majority`. `assent.reviewers`.
 */
export interface Reviewers {
  /**
   * Takes this in place of what was known of the reviewer. Nothing of what they decided before changes.
   *
   * @throws AssentError `principal_unverified`, `reviewer_invalid`, `decision_invalid` without a reason, and what the
   *   ledger throws.
   */
  set(reviewer: ReviewerDetails, options: RegisterOptions): Promise<Reviewer>;
  /** What is known of one; null for nothing. */
  get(id: string): Promise<Reviewer | null>;
  /** Everybody who is known, in the order of their ids. */
  list(): Promise<Reviewer[]>;
}

const PAGE = 500;

/** The reviewers of one Assent. */
export function reviewersOf({ ledger, clock, authenticators }: Assent): Reviewers {
  return {
    async set({ id, ...details }, { by, reason }) {
      const principal = requirePrincipal(by, authenticators);
      if (typeof reason !== "string" || reason.trim() === "") {
        throw new AssentError("decision_invalid", {
          what: "Say why: whoever reads the log has to know",
          where: "reason",
          seen: reason,
        });
      }
      const empty = { roles: [], groups: [], licences: [], training: [], away: null, active: true };
      const reviewer: Reviewer = { id, name: id, ...empty, ...details };
      return ledger.register({ reviewer, by: recordOf(principal), reason, at: clock.now().toISOString() });
    },
    get: (id) => ledger.reviewer(id),
    async list() {
      const all: Reviewer[] = [];
      for (;;) {
        const page = await ledger.reviewers({ afterId: all.at(-1)?.id ?? "", limit: PAGE });
        all.push(...page);
        if (page.length < PAGE) return all;
      }
    },
  };
}
