import type { Vote } from "../../src/authority/votes.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import type { Panel, Quorum, TieBreak } from "../../src/model/requirement.js";

/** Somebody who decides. */
export function person(id: string, over: Partial<PrincipalRecord> = {}): PrincipalRecord {
  const name = `${id.charAt(0).toUpperCase()}${id.slice(1)}`;
  return { kind: "person", id, name, roles: [], authenticator: "test", level: "system", ...over };
}

/** Roles that are called by their place in the order of seniority. */
export const SENIORITY = ["rank-0", "rank-1", "rank-2"];

/** A panel of anybody. */
export function panel(quorum: Quorum, tieBreak: TieBreak = "reject", over: Partial<Panel> = {}): Panel {
  return { rule: null, by: [], quorum, tieBreak, ...over };
}

const VERDICTS = { A: "approve", R: "reject", B: "abstain" } as const;

/**
 * Votes as words: `A` approves, `R` rejects, `B` abstains; a digit after it is the rank of whoever says so. Everybody is
 * somebody else, unless the word ends with a name: `A1:ana`.
 */
export function votes(text: string): Vote[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word, i) => {
      const [said = "", id = `person-${i}`] = word.split(":");
      const roles = said.length > 1 ? [`rank-${said.slice(1)}`] : [];
      return { by: person(id, { roles }), verdict: VERDICTS[said.charAt(0) as keyof typeof VERDICTS] };
    });
}
