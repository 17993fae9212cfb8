/** A table, who may do what with which rows of it, in the words of `create policy`. */
interface RowRule {
  table: string;
  name: string;
  to: "graph" | "decider";
  what: string;
}

const READ_BY_BOTH = [
  "proposals",
  "rounds",
  "reviews",
  "decisions",
  "permits",
  "cases",
  "audit_log",
  "audit_head",
  "halts",
  "judgements",
  "stages",
  "reviewers",
  "queue",
  "lanes",
  "settings",
];

/**
 * | table | graph hosts | deciders |
 * | --- | --- | --- |
 * | proposals | record them, bind, advance and close them | advance and close them |
 * | rounds | record them unrouted, route them | record those that a modification makes |
 * | reviews | open them, move their address, let their deadlines pass, withdraw them | decide and escalate them |
 * | decisions | | record them |
 * | permits | issue those of basis `policy`; claim, extend, spend and void | issue those of basis `decisions` |
 * | cases | close | close what a decision ends |
 * | halts | | make, replace and lift them |
 * | reviewers | | register them |
 * | queue | | claim, snooze, assign; triggers do the rest |
 * | stages | | move and set them |
 * | audit log | append what they did | append what they did |
 *
 * Both read everything and delete nothing but halts; triggers keep every row to its legal steps, so what may be updated at all is
 * not narrowed here: a row that could not be seen for update could not be locked either.
 */
const rules = (schema: string): RowRule[] => [
  {
    table: "proposals",
    name: "propose",
    to: "graph",
    what: "for insert $to with check (state = 'open' and gate is null)",
  },
  { table: "proposals", name: "advance", to: "graph", what: "for update $to using (true)" },
  { table: "proposals", name: "decide", to: "decider", what: "for update $to using (true)" },
  { table: "rounds", name: "draft", to: "graph", what: "for insert $to with check (routing is null)" },
  {
    table: "rounds",
    name: "route",
    to: "graph",
    what: "for update $to using (routing is null) with check (json_typeof(routing) = 'object')",
  },
  // What a clarification makes is routed by the graph host, like what is proposed.
  {
    table: "rounds",
    name: "modify",
    to: "decider",
    what: `for insert $to with check (json_typeof(routing) = 'object' or (routing is null and exists (
      select from ${schema}.decisions d
      where d.proposal_id = rounds.proposal_id and d.round = rounds.round - 1 and d.verdict = 'answer')))`,
  },
  {
    table: "reviews",
    name: "ask",
    to: "graph",
    what: `for insert $to with check (status = 'open' and version = 1 and step = 0 and (${notHurried(schema)}))`,
  },
  {
    table: "reviews",
    name: "move",
    to: "graph",
    what: "for update $to using (true) with check (status in ('open', 'expired', 'withdrawn'))",
  },
  {
    table: "reviews",
    name: "close",
    to: "decider",
    what: "for update $to using (true) with check (status in ('open', 'decided'))",
  },
  { table: "decisions", name: "decide", to: "decider", what: "for insert $to with check (true)" },
  {
    table: "permits",
    name: "by_policy",
    to: "graph",
    what: "for insert $to with check (basis = 'policy' and state = 'issued' and claims = 0)",
  },
  { table: "permits", name: "use", to: "graph", what: "for update $to using (true)" },
  {
    table: "permits",
    name: "by_decisions",
    to: "decider",
    what: `for insert $to with check (basis = 'decisions' and state = 'issued' and claims = 0 and ${isDecided(schema)})`,
  },
  { table: "halts", name: "halt", to: "decider", what: "for all $to using (true) with check (true)" },
  { table: "reviewers", name: "register", to: "decider", what: "for all $to using (true) with check (true)" },
  { table: "queue", name: "handle", to: "decider", what: "for update $to using (true)" },
  { table: "settings", name: "set", to: "decider", what: "for update $to using (true)" },
  { table: "stages", name: "begin", to: "decider", what: "for insert $to with check (true)" },
  { table: "stages", name: "move", to: "decider", what: "for update $to using (true)" },
  { table: "cases", name: "end", to: "graph", what: "for insert $to with check (true)" },
  {
    table: "cases",
    name: "end_by_decision",
    to: "decider",
    what: "for insert $to with check (outcome ->> 'status' in ('rejected', 'suggested', 'blocked'))",
  },
];

/** A new review gives people no less time than its round's routing says: some of what is asked runs without them. */
const notHurried = (schema: string): string => `deadline_at is null or exists (
  select from ${schema}.rounds r
  where r.proposal_id = reviews.proposal_id and r.round = reviews.round and r.routing is not null
    and coalesce(deadline_at >= statement_timestamp() + interval '1 millisecond' * (r.routing -> 'requires'
      ->> case r.routing ->> 'route' when 'veto' then 'windowMs' else 'withinMs' end)::float8, true))`;

/** Whether somebody has said yes to a permit's round, or made it. */
const isDecided = (schema: string): string => `exists (
  select from ${schema}.decisions d where d.proposal_id = permits.proposal_id and (
    (d.verdict = 'approve' and d.round = permits.round)
    or (d.verdict in ('modify', 'answer') and d.round = permits.round - 1)))`;

/** Gives two roles their parts; run again, it changes nothing. Names come quoted. */
export function grantSql(schema: string, roles: { graph: string; decider: string }): string[] {
  const both = `${roles.graph}, ${roles.decider}`;
  const policies = [
    ...READ_BY_BOTH.map((table) => ({ table, name: "read", what: `for select to ${both} using (true)` })),
    ...rules(schema).map(({ table, name, to, what }) => ({
      table,
      name: `${to}_${name}`,
      what: what.replace("$to", `to ${roles[to]}`),
    })),
  ];
  return [
    `grant usage on schema ${schema} to ${both}`,
    `grant select on all tables in schema ${schema} to ${both}`,
    `grant execute on function ${schema}.append_audit to ${both}`,
    `grant insert on ${list(schema, "proposals", "rounds", "reviews", "permits", "cases")} to ${roles.graph}`,
    `grant update (gate, round, state, delivered_at) on ${schema}.proposals to ${roles.graph}`,
    `grant update (routing) on ${schema}.rounds to ${roles.graph}`,
    `grant update (checkpoint_ns, checkpoint_id, interrupt_id, asks, addressed_at, status, version, deadline_at, otherwise,
      step, missed_at, expired_at) on ${schema}.reviews to ${roles.graph}`,
    `grant update (state, owner, lease_until, claims, spent_at) on ${schema}.permits to ${roles.graph}`,
    `grant insert on ${list(schema, "decisions", "rounds", "permits", "cases")} to ${roles.decider}`,
    `grant update (round, state) on ${schema}.proposals to ${roles.decider}`,
    `grant update (status, version, step, otherwise, deadline_at) on ${schema}.reviews to ${roles.decider}`,
    `grant insert, update on ${schema}.reviewers to ${roles.decider}`,
    `grant update (claimed_by, claimed_until, snoozed_until, assignee, assigned_at, urgency_order, urgency_at, floods)
      on ${schema}.queue to ${roles.decider}`,
    `grant update (per_agent) on ${schema}.settings to ${roles.decider}`,
    `grant insert, update, delete on ${schema}.halts to ${roles.decider}`,
    `grant insert on ${schema}.stages to ${roles.decider}`,
    `grant update (stage, ceiling, judged_before, changed_by, reason, changed_at) on ${schema}.stages to ${roles.decider}`,
    ...policies.flatMap(({ table, name, what }) => [
      `drop policy if exists ${name} on ${schema}.${table}`,
      `create policy ${name} on ${schema}.${table} ${what}`,
    ]),
  ];
}

function list(schema: string, ...tables: string[]): string {
  return tables.map((table) => `${schema}.${table}`).join(", ");
}

/** Notes which role has which part, for the audit log. */
export const notePartsSql = (schema: string): string => `
insert into ${schema}.roles (part, role) values ('graph', $1), ('decider', $2)
on conflict (part) do update set role = excluded.role`;
