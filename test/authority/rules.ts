import type { AuthoritySource, Reviewer, ReviewTerms } from "assent";
import type { TestIdentity } from "assent/testing";
import { moment } from "../../src/testing/ledger-contract/specimens.js";

/** Who says something. */
export const CAST: Record<string, TestIdentity> = {
  ana: { id: "ana", roles: ["manager"] },
  bo: { id: "bo", roles: ["manager"] },
  cy: { id: "cy", roles: ["manager", "senior"] },
  dee: { id: "dee", roles: ["director"] },
  eli: { id: "eli", groups: ["board"] },
};

/** One rule: what policy and company say, and what happens to those who say something. */
export interface Rule {
  terms?: ReviewTerms;
  excludes?: string[];
  authority?: AuthoritySource;
  /** Who is registered, and what else is known of them. */
  registered?: Record<string, Partial<Reviewer>>;
  action?: "refund" | "close";
  amount?: number;
  currency?: string;
  requestedBy?: string;
  /** `ana approves`, `bo changes it to 5`, `time passes`, `another case`. */
  says: readonly (readonly [says: string, happens: string])[];
}

const managers: ReviewTerms = { by: [{ role: "manager" }] };
const asks = (quorum: NonNullable<ReviewTerms["quorum"]>, tieBreak?: ReviewTerms["tieBreak"]): ReviewTerms => ({
  ...managers,
  quorum,
  ...(tieBreak !== undefined && { tieBreak }),
});
const three = { ana: {}, bo: {}, cy: {} };
const senior = { seniority: ["manager", "senior"] };

/** Every rule about who may let what run, one row each. */
export const RULES: Record<string, Rule> = {
  "anybody, where nobody is named": { says: [["eli approves", "permitted"]] },
  "a role": {
    terms: managers,
    says: [
      ["dee approves", "not_allowed: dee is none of those who may decide: role manager"],
      ["ana approves", "permitted"],
    ],
  },
  "a group": {
    terms: { by: [{ group: "board" }] },
    says: [
      ["ana approves", "not_allowed: ana is none of those who may decide: group board"],
      ["eli approves", "permitted"],
    ],
  },
  "a person": {
    terms: { by: [{ person: "bo" }] },
    says: [
      ["ana rejects", "not_allowed: ana is none of those who may decide: bo"],
      ["bo rejects", "rejected"],
    ],
  },
  "who is excluded says nothing at all": {
    terms: managers,
    excludes: ["ana"],
    says: [
      ["ana approves", "not_allowed: ana had a part in what this is about, and may not decide on it"],
      ["ana rejects", "not_allowed: ana had a part in what this is about, and may not decide on it"],
      ["bo approves", "permitted"],
    ],
  },
  "a limit, up to it": {
    authority: { limits: [{ role: "manager", upTo: "10 USD" }] },
    amount: 10,
    says: [["ana approves", "permitted"]],
  },
  "a limit, beyond it": {
    authority: { limits: [{ role: "manager", upTo: "10 USD" }] },
    amount: 11,
    says: [
      ["ana approves", "not_allowed: ana may approve up to 10 USD; this is 11 USD"],
      ["ana changes it to 12", "not_allowed: ana may approve up to 10 USD; this is 12 USD"],
      ["ana changes it to 9", "permitted"],
    ],
  },
  "a limit in another currency": {
    authority: { limits: [{ role: "manager", upTo: "10 USD" }] },
    currency: "EUR",
    amount: 1,
    says: [["ana approves", "not_allowed: ana has no limit in EUR up to which refund may be approved"]],
  },
  "a limit on one action only": {
    authority: { limits: [{ role: "manager", action: "refund", upTo: "10 USD" }] },
    action: "close",
    amount: 99,
    says: [["ana approves", "permitted"]],
  },
  "the higher of two limits, and a person's own": {
    authority: {
      limits: [
        { role: "manager", upTo: "10 USD" },
        { person: "ana", upTo: "20 USD" },
      ],
    },
    amount: 20,
    says: [
      ["bo approves", "not_allowed: bo may approve up to 10 USD; this is 20 USD"],
      ["ana approves", "permitted"],
    ],
  },
  "a limit within a time": {
    authority: { limits: [{ role: "manager", upTo: "15 USD", over: "PT1H" }] },
    amount: 10,
    says: [
      ["ana approves", "permitted"],
      ["another case", "asked"],
      [
        "ana approves",
        "not_allowed: ana has approved 10 USD within an hour; with this 10 USD it would be 20 USD, and the limit is 15 USD",
      ],
      ["time passes", "an hour later"],
      ["ana approves", "permitted"],
    ],
  },
  "a licence": {
    authority: { needs: [{ action: "close", licence: "physician" }] },
    registered: { ana: {}, bo: { licences: [{ name: "physician", until: null }] } },
    action: "close",
    says: [
      ["ana approves", "not_allowed: ana may not let close run without licence physician"],
      ["bo approves", "permitted"],
    ],
  },
  "a training that runs out": {
    authority: { needs: [{ action: "close", training: "aml" }] },
    registered: { ana: { training: [{ name: "aml", until: moment(3_600) }] } },
    action: "close",
    says: [
      ["ana approves", "permitted"],
      ["another case", "asked"],
      ["time passes", "an hour later"],
      ["ana approves", `not_allowed: ana may not let close run without training aml (ran out at ${moment(3_600)})`],
      ["ana rejects", "rejected"],
    ],
  },
  "who asked for it": {
    requestedBy: "ana",
    says: [
      ["ana approves", "not_allowed: ana asked for this, so somebody else has to let it run"],
      ["ana changes it to 1", "not_allowed: ana asked for this, so somebody else has to let it run"],
      ["bo approves", "permitted"],
    ],
  },
  "who asked for it, where that does not matter": {
    authority: { segregation: { requester: false } },
    requestedBy: "ana",
    says: [["ana approves", "permitted"]],
  },
  "who answers for the agent": {
    authority: { segregation: { agentOwners: { support: ["ana"] } } },
    says: [
      ["ana approves", "not_allowed: ana answers for the agent support, so somebody else has to let this run"],
      ["ana rejects", "rejected"],
    ],
  },
  "who wrote the policy": {
    authority: { segregation: { policyAuthors: ["ana"] } },
    says: [
      ["ana approves", "not_allowed: ana wrote the policy, so somebody else has to let this run"],
      ["bo approves", "permitted"],
    ],
  },
  "any of them": { terms: asks("any"), says: [["ana approves", "permitted"]] },
  "two of three": {
    terms: asks("2-of-3"),
    says: [
      ["ana approves", "open"],
      ["bo rejects", "open"],
      ["cy approves", "permitted"],
    ],
  },
  "two of three, who can no longer be": {
    terms: asks("2-of-3"),
    says: [
      ["ana abstains", "open"],
      ["bo abstains", "rejected"],
    ],
  },
  "two people": {
    terms: asks("two-person"),
    says: [
      ["ana approves", "open"],
      ["ana rejects", "not_allowed: ana has voted on this"],
      ["bo approves", "permitted"],
    ],
  },
  "all of them": {
    terms: asks("unanimous"),
    registered: three,
    says: [
      ["ana approves", "open"],
      ["bo abstains", "open"],
      ["dee approves", "not_allowed: dee is none of those who may decide: role manager"],
      ["cy approves", "permitted"],
    ],
  },
  "all of them, and one refuses": {
    terms: asks("unanimous"),
    registered: three,
    says: [
      ["ana approves", "open"],
      ["bo rejects", "rejected"],
    ],
  },
  "a majority of those who have a seat": {
    terms: asks("majority"),
    registered: { ana: {}, bo: {}, cy: { active: false } },
    says: [
      [
        "cy approves",
        "not_allowed: cy is not registered as a reviewer who decides, so has no seat among those who are asked",
      ],
      ["ana approves", "open"],
      ["bo approves", "permitted"],
    ],
  },
  "a tie that is a refusal": {
    terms: asks("two-person", "reject"),
    says: [
      ["ana approves", "open"],
      ["bo rejects", "rejected"],
    ],
  },
  "a tie that the majority breaks": {
    terms: asks("two-person", "majority"),
    says: [
      ["ana approves", "open"],
      ["bo rejects", "open"],
      ["cy approves", "permitted"],
    ],
  },
  "a tie that whoever is senior breaks": {
    terms: asks("majority", "senior"),
    registered: { bo: {}, cy: {} },
    authority: senior,
    says: [
      ["bo rejects", "open"],
      ["cy approves", "permitted"],
    ],
  },
  "an escalated step": {
    terms: {
      ...managers,
      within: "PT1H",
      otherwise: "escalate",
      escalateTo: [{ by: [{ role: "director" }] }],
    },
    says: [
      ["ana escalates", "escalated"],
      ["bo approves", "not_allowed: bo is none of those who may decide: role director"],
      ["dee approves", "permitted"],
    ],
  },
  "a change voids what was voted, and is its author's approval": {
    terms: asks("two-person"),
    says: [
      ["ana approves", "open"],
      ["bo changes it to 5", "next round"],
      ["ask again", "asked"],
      ["bo approves", "open"],
      ["ana approves", "permitted"],
    ],
  },
};
