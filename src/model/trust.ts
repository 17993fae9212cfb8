import { z } from "zod";

/**
 * Who is believed. In `verified` trust a resume is only a nudge: what counts are decisions in the ledger, made by an
 * authenticated principal. In `open` trust whoever can resume decides, and everything that follows is marked
 * `unverified`; it is for Studio and trials.
 */
export const Trust = z.enum(["verified", "open"]);
/** Who is believed: `verified` (decisions by principals) or `open` (whoever can resume). */
export type Trust = z.infer<typeof Trust>;

/**
 * How well a decision's author is known: `unverified` (a claim typed into a resume) or `system` (this process saw an
 * authenticated principal). Never overstated.
 */
export const TrustLevel = z.enum(["unverified", "system"]);
/** How well a decision's author is known. */
export type TrustLevel = z.infer<typeof TrustLevel>;
