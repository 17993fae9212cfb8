import { z } from "zod";
import { whyNotFound } from "../authority/standing.js";
import type { Case } from "../model/case.js";
import { readable, type Decision } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import { afterWhat, followUpId, Happened } from "../model/follow-up.js";
import type { Review } from "../model/review.js";
import type { Assent } from "./assent.js";
import type { Verdicted } from "./deciding.js";
import { signatories } from "./signatories.js";

/** What a person found of an effect in doubt, and on what evidence. */
const Finding = z.strictObject({ happened: Happened, evidence: z.string() });

/**
 * What is said on a review, as it is decided and signed: what a reconciliation found becomes its reason code, the
 * evidence its note.
 *
 * @throws AssentError `decision_invalid`.
 */
export function withFinding({ kind, id }: Pick<Review, "kind" | "id">, said: Verdicted): Verdicted {
  if (kind !== "reconciliation" || said.verdict !== "answer") return said;
  const parsed = Finding.safeParse(said.answer);
  const hasOwnWords = (said.note ?? null) !== null || (said.reasonCode ?? null) !== null;
  if (parsed.success && parsed.data.evidence.trim() !== "" && !hasOwnWords) {
    const { happened, evidence } = parsed.data;
    return { ...said, reasonCode: happened, note: evidence };
  }
  throw new AssentError("decision_invalid", {
    what: hasOwnWords
      ? "What a reconciliation found is its reason code, and the evidence its note"
      : "A reconciliation says what happened, and on what evidence",
    where: `review ${id}, answer`,
    seen: said.answer ?? null,
    fix: `Answer {"happened":"executed","evidence":"what you saw"}, or "failed", or "again" to have it run again`,
  });
}

/** What closed a reconciliation. */
export interface Found {
  /** The case that was in doubt. */
  old: string;
  happened: Happened;
  answer: Decision;
}

/** What the ledger says that a reconciliation found, whoever wrote that; null where it found nothing yet. */
export function findingIn(held: Case): Found | null {
  const about = afterWhat(held);
  const answer = readable(held.decisions).at(-1);
  if (about?.kind !== "reconciliation" || about.proposal === null) return null;
  if (held.outcome?.status !== "suggested" || answer?.verdict !== "answer") return null;
  const { data: happened } = Happened.safeParse(answer.reasonCode);
  return happened === undefined ? null : { old: about.proposal, happened, answer };
}

/** What somebody who is trusted found of a case in doubt; null where nobody has, or it cannot be shown. */
export async function foundOf(assent: Assent, { proposal }: Case): Promise<Happened | null> {
  const held = await assent.ledger.read(followUpId("reconciliation", proposal.id));
  const found = held === null ? null : findingIn(held);
  if (held === null || found?.old !== proposal.id) return null;
  return whyNotFound(found.answer, held, await signatories(assent, held)) === null ? found.happened : null;
}

/** What a reconciliation found, as the outcome tells it. */
export function findingInWords(by: string, happened: string | null, evidence: string | null): string {
  return `${by} found that ${FOUND[Happened.safeParse(happened).data ?? "executed"]}: ${evidence ?? ""}`;
}

const FOUND: Readonly<Record<Happened, string>> = {
  executed: "it took effect",
  failed: "it took no effect",
  again: "it took no effect, and has it run again",
};
