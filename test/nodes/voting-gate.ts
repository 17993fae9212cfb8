import { policy, type DecideOptions, type Policy, type ReviewTerms } from "assent";
import { testAuthenticator, testKeys } from "assent/testing";
import { gated, type GatedOptions } from "../support/payments.js";

export const people = testAuthenticator();
const manager = (id: string, name: string) => people.authenticate({ id, name, roles: ["manager"] });
export const ana = await manager("ana-7", "Ana Ruiz");
export const bo = await manager("bo-8", "Bo Lind");
export const cy = await manager("cy-9", "Cy Park");
export const dee = await people.authenticate({ id: "dee", name: "Dee Okafor", roles: ["director"] });
export const eve = await people.authenticate({ id: "eve", name: "Eve Sato", roles: ["director"] });
export const clerk = await people.authenticate({ id: "cleo", name: "Cleo Mann", roles: ["clerk"] });

export const MANAGERS = [{ role: "manager" }];

/** Everything is reviewed, by these terms: by managers unless said. */
export function reviewed(review: ReviewTerms): Policy {
  return policy({ default: { route: "review", review: { by: MANAGERS, ...review } } });
}

const twoPeople = reviewed({ quorum: "two-person" });

/** A thread that waits at the gate for two managers, unless said; how to decide on it, and to register reviewers. */
export async function waiting(options: GatedOptions = {}) {
  const set: GatedOptions = { trust: "verified", authenticators: [people], keys: testKeys(), policy: twoPeople };
  const trial = gated({ ...set, ...options, policy: options.policy ?? twoPeople });
  await trial.thread.start();
  const decide = async (by: DecideOptions["by"], over: Partial<DecideOptions> = {}) => {
    const { review } = await trial.thread.asked();
    const { digest } = (await trial.assent.reviews.get(review)).review;
    return trial.assent.reviews.decide(review, { by, decision: "approve", digest, ...over });
  };
  const register = (id: string, more: object = {}) =>
    trial.assent.reviewers.set({ id, roles: ["manager"], ...more }, { by: clerk, reason: "Hired." });
  return { ...trial, decide, register };
}
