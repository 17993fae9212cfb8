import { z } from "zod";
import { AssentError } from "../model/error.js";
import { Happened } from "../model/follow-up.js";
import type { Review } from "../model/review.js";
import type { Verdicted } from "./deciding.js";

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

/** What a reconciliation found, as the outcome tells it. */
export function findingInWords(by: string, happened: string | null, evidence: string | null): string {
  return `${by} found that ${FOUND[Happened.safeParse(happened).data ?? "executed"]}: ${evidence ?? ""}`;
}

const FOUND: Readonly<Record<Happened, string>> = {
  executed: "it took effect",
  failed: "it took no effect",
  again: "it took no effect, and has it run again",
};
