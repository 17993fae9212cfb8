import { keysMissing } from "../authority/keys.js";
import type { Signatories } from "../authority/standing.js";
import type { Case } from "../model/case.js";
import type { Assent } from "./assent.js";

/** The keys that decisions have to be signed with: everywhere but where both the host and the proposal are in open trust. */
export async function signatories({ trust, keys }: Assent, { proposal }: Case): Promise<Signatories> {
  if (trust === "open" && proposal.trust === "open") return null;
  if (keys !== null) return keys.trusted();
  throw keysMissing(
    "The proposal was made in verified trust, and this process has no keys to check decisions with",
    "keys",
  );
}
