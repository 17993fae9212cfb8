import { Command } from "@langchain/langgraph";
import type { Case, Decision, Json } from "assent";
import { testKeys } from "assent/testing";
import { signStatement } from "../../../src/authority/signature.js";
import { fixRound, type Round } from "../../../src/model/proposal.js";
import type { Routing } from "../../../src/model/routing.js";
import { attempt, type Attack, type GateWay, type NotOn } from "../attack.js";
import {
  madeUpDecision,
  permit,
  refused,
  reviewed,
  tried,
  writeDecision,
  written,
  type Reviewed,
  type Write,
} from "../forged-decision.js";
import type { Intruder } from "../hosts/intruders.js";
import type { GatedVictim } from "../victims/gated.js";

const notPlain = "there is no ledger; whoever may write its threads makes it pay";
const notOn: NotOn = { MemorySaver: "the ledger is in the memory of one process, and has no database users" };

const asGraphHost: readonly GateWay[] = [
  forging("graph", "a decision, and the permit that would rest on it", async (graph, { review, case: held }) => {
    const { id } = held.proposal;
    await refused(graph, [
      [
        `insert into decisions (id, proposal_id, review_id, round, verdict, principal, args_digest, statement,
          decided_at) values ('dc_x', $1, $2, $4, 'approve', '{}', $3, '{}', now())`,
        id,
        review.id,
        held.round.argsDigest,
        held.round.round,
      ],
      permit("decisions", id, held.round.round),
      ["update reviews set status = 'decided', version = 2 where id = $1", review.id],
    ]);
  }),
  forging("graph", "a permit by policy, for what waits for a person", (graph, { case: held }) =>
    written(graph, [permit("policy", held.proposal.id, held.round.round)]),
  ),
  forging("graph", "a round that is routed to run, with its permit", (graph, { case: held }) =>
    written(graph, [
      ...nextRound(held, { ...held.round, routing: null }),
      ["update rounds set routing = $2 where proposal_id = $1 and routing is null", held.proposal.id, toRun(held)],
      permit("policy", held.proposal.id, held.round.round + 1),
    ]),
  ),
  ...["before", "after"].map((when) =>
    forging(
      "graph",
      `a review whose time is long over, ${when} its round is routed, and the permit that follows`,
      (graph, asked) => {
        const { proposal, round } = asked.case;
        const routed: Write = [
          "update rounds set routing = $2 where proposal_id = $1 and routing is null",
          proposal.id,
          round.routing,
        ];
        return tried(graph, [
          ...nextRound(asked.case, { ...round, routing: null }),
          ...(when === "after" ? [routed, ...reviewOver(asked)] : [...reviewOver(asked), routed]),
          permit("policy", proposal.id, round.round + 1),
        ]);
      },
    ),
  ),
  forging("graph", "a round with a large payment whose facts say that it is small", (graph, { case: held }) =>
    written(graph, nextRound(held, lyingRound(held))),
  ),
  forging("graph", "a proposal of a large payment whose facts say that it is small", async (graph, asked, victim) => {
    const { proposal } = asked.case;
    const id = `pr_${crypto.randomUUID()}`;
    await written(graph, [
      [
        `insert into proposals (id, thread_id, action, agent, trust, round, proposed_at)
         select $1, thread_id, action, agent, trust, 1, now() from proposals where id = $2`,
        id,
        proposal.id,
      ],
      insertRound(id, { ...lyingRound(asked.case), round: 1 }),
    ]);
    await victim.graph.updateState(victim.config, { proposals: [id] }, victim.anatomy.agent);
  }),
  {
    ...forging("graph", "an outcome for what waits for a person", (graph, { case: held }) =>
      written(graph, [executed(held), ["update proposals set state = 'closed' where id = $1", held.proposal.id]]),
    ),
    closes: true,
  },
  forging("graph", "an end to the permit of what was approved", async (graph, { case: held }, victim) => {
    await victim.decide("approve");
    await written(graph, [["update permits set state = 'void' where proposal_id = $1", held.proposal.id]]);
    victim.annul();
  }),
  forging("graph", "a routing that says nothing", async (graph, { case: held }) => {
    await written(graph, nextRound(held, { ...held.round, routing: null }));
    await refused(graph, [["update rounds set routing = 'null' where proposal_id = $1", held.proposal.id]]);
  }),
];

const asDecider: readonly GateWay[] = [
  forging("decider", "a decision that nobody signed, and its permit", (decider, asked) =>
    writeDecision(decider, madeUpDecision(asked)),
  ),
  forging("decider", "a decision that a key of their own signed, and its permit", async (decider, asked) => {
    const decision = madeUpDecision(asked);
    const signer = await testKeys().signer();
    const signatures = signer === null ? [] : [await signStatement(decision.statement, signer)];
    await writeDecision(decider, { ...decision, signatures });
  }),
  ...[
    { name: "by nobody", odd: { by: null } },
    { name: "without a statement", odd: { statement: "" } },
    { name: "with nothing for signatures", odd: { signatures: null } },
    { name: "with signatures that are none", odd: { signatures: [null, 1, {}, { sig: 1 }] } },
  ].map(({ name, odd }) =>
    forging("decider", `a decision ${name}, and its permit`, (decider, asked) =>
      writeDecision(decider, { ...madeUpDecision(asked), ...odd } as unknown as Decision),
    ),
  ),
  forging("decider", "a round that is routed to run, without a permit", (decider, { case: held }) =>
    written(decider, nextRound(held, { ...lyingRound(held), routing: toRun(held) })),
  ),
  forging("decider", "a round that is routed to run, a decision on it and its permit", async (decider, asked) => {
    const round = { ...lyingRound(asked.case), routing: toRun(asked.case) };
    await written(decider, nextRound(asked.case, round));
    const onto = { review: asked.review, case: { ...asked.case, round } };
    await writeDecision(decider, { ...madeUpDecision(onto), round: round.round });
  }),
  forging("decider", "a round with a routing that nobody knows", async (decider, { case: held }) => {
    const noRouting = "null" as unknown as Routing;
    await refused(decider, [
      insertRound(held.proposal.id, { ...held.round, round: held.round.round + 1, routing: noRouting }),
    ]);
    await written(decider, nextRound(held, { ...held.round, routing: {} as Routing }));
  }),
  forging("decider", "permits that no decision stands behind, and an outcome", (decider, { case: held }) => {
    const { id } = held.proposal;
    const { round } = held.round;
    // What was decided before, such as that another draft is made, is no approval.
    return refused(decider, [permit("policy", id, round), permit("decisions", id, round), executed(held)]);
  }),
];

const asEither: readonly GateWay[] = (["graph", "decider"] as const).flatMap((as) => [
  forging(as, "other arguments, facts and words in what was asked", (intruder, { case: held }) => {
    const { args, argsDigest, facts, display, displayDigest } = lyingRound(held);
    const { id } = held.proposal;
    return refused(intruder, [
      ["update rounds set args = $2, args_digest = $3 where proposal_id = $1", id, args, argsDigest],
      ["update rounds set facts = $2 where proposal_id = $1", id, facts],
      ["update rounds set display = $2, display_digest = $3 where proposal_id = $1", id, display, displayDigest],
      ["update rounds set routing = $2 where proposal_id = $1", id, toRun(held)],
      ["update proposals set trust = 'open' where id = $1", id],
      ["delete from reviews where proposal_id = $1", id],
    ]);
  }),
  forging(as, "rows of the audit log", async (intruder, { case: held }) => {
    const [own, other] = as === "graph" ? ["executed", "decided"] : ["decided", "executed"];
    await refused(intruder, [
      logged(held, other),
      ["update audit_log set entry = '{}' where proposal_id = $1", held.proposal.id],
      ["delete from audit_log where proposal_id = $1", held.proposal.id],
    ]);
    await written(intruder, [logged(held, own)]);
  }),
]);

/** Somebody got hold of the database user of graph hosts, or of deciders, but of no key. */
export const forgedLedger: Attack = {
  title: "Rows forged in the ledger, by the database user of graph hosts or of deciders",
  harmsPlain: false,
  isAboutStorage: true,
  ways: [...asGraphHost, ...asDecider, ...asEither],
};

/** A way of forging rows before the thread is resumed by somebody who says that it is approved. */
function forging(
  as: "graph" | "decider",
  what: string,
  forge: (intruder: Intruder, asked: Reviewed, victim: GatedVictim) => Promise<void>,
): GateWay {
  return {
    name: `as the user of ${as === "graph" ? "graph hosts" : "deciders"}: ${what}`,
    notPlain,
    notOn,
    async carryOut(victim) {
      await victim.start();
      const [asked] = await reviewed(victim);
      if (asked === undefined) throw new TypeError("nothing was asked");
      await forge(await victim.intrude(as), asked, victim);
      await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), victim.config));
      await attempt(() => victim.graph.invoke(null, victim.config));
    },
  };
}

/** What follows, to a reader of rows, from a policy that lets it run. */
function toRun({ round }: Case): Routing {
  return { rules: ["small"], explanation: "It is small.", policyDigest: "", ...round.routing, route: "execute" };
}

/** The same order, but for a fortune, in a round whose digests are right and whose facts and words are not. */
function lyingRound({ proposal, round }: Case): Round {
  return fixRound({
    round: round.round + 1,
    action: proposal.action,
    args: { ...round.args, ...lie(round.args) },
    agent: proposal.agent,
    requestedBy: proposal.requestedBy,
    facts: { amount: { value: 0.01, currency: "USD" } },
    summary: "Pay 1 cent",
    context: null,
  });
}

/** A large payment; or, where arguments only tell of one, a small one. */
function lie({ summary }: Record<string, unknown>): Record<string, Json> {
  return typeof summary === "string" ? { summary: summary.replace(/^Pay \d+/, "Pay 1") } : { cents: 100_000_000 };
}

function nextRound({ proposal: { id }, round: { round: last } }: Case, round: Round): Write[] {
  return [
    insertRound(id, { ...round, round: last + 1 }),
    ["update proposals set round = $2 where id = $1", id, last + 1],
  ];
}

function insertRound(id: string, { round, args, argsDigest, facts, display, displayDigest, routing }: Round): Write {
  const sql = `insert into rounds (proposal_id, round, args, args_digest, facts, display, display_digest, routing)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`;
  return [sql, id, round, args, argsDigest, facts, display, displayDigest, routing];
}

/** A review of the next round that nobody has decided in time: two days ago somebody was asked, for an hour. */
function reviewOver({ review: { digest, gate, kind, address }, case: { proposal, round } }: Reviewed): Write[] {
  const id = `rv_${crypto.randomUUID()}`;
  const sql = `insert into reviews (id, proposal_id, round, kind, status, version, digest, gate, thread_id, checkpoint_ns,
      checkpoint_id, interrupt_id, asks, asked_at, deadline_at, otherwise)
    values ($1, $2, $3, $4, 'open', 1, $5, $6, $7, $8, $9, $10, 1, now() - interval '2 days',
      now() - interval '47 hours', 'execute')`;
  const { checkpointNs, checkpointId, interruptId } = address;
  const place = [proposal.threadId, checkpointNs, checkpointId, interruptId];
  return [
    [sql, id, proposal.id, round.round + 1, kind, digest, gate, ...place],
    ["update reviews set status = 'expired', version = 2 where id = $1", id],
  ];
}

/** An outcome as the ledger would write it, had the payment been made. */
function executed({ proposal: { id: proposalId, action } }: Case): Write {
  const sql = "insert into cases (audit_id, proposal_id, outcome, record, closed_at) values ($1, $2, $3, '{}', now())";
  const auditId = `au_${crypto.randomUUID()}`;
  const who = { at: new Date().toISOString(), decidedBy: "ana", unverified: false, replayed: false };
  const outcome = { proposalId, action, auditId, ...who, status: "executed", result: null, flagged: false };
  return [sql, auditId, proposalId, outcome];
}

/** An entry of the audit log as its function takes it. */
function logged({ proposal: { id } }: Case, kind: string): Write {
  const entry = JSON.stringify({ at: new Date().toISOString(), data: {}, kind, proposal: id, v: 1 });
  return ["select append_audit($1, array[$2::text], array[$3::text])", id, kind, entry];
}
