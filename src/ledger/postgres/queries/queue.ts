import { COUNT_MAX, URGENCIES, type QueueFilter, type QueueOrder, type QueueRequest } from "../../queueing.js";
import { placeOf, singleRisk } from "../../queue-place.js";

/** A statement with its values. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** What an order sorts by first; then by when it was asked, and by the id. All ascend, so a page is a range of an index. */
const SORTED_BY: Readonly<Record<QueueOrder, { column: string; type: string }>> = {
  urgency: { column: "urgency_order", type: "smallint" },
  oldest: { column: "asked_at", type: "timestamptz" },
  deadline: { column: "due_at", type: "timestamptz" },
  risk: { column: "risk_order", type: "real" },
};

/** Collects the values of a statement as its text is written. */
class Values {
  readonly all: unknown[] = [];

  put(value: unknown, type = "text"): string {
    this.all.push(value);
    return `$${this.all.length}::${type}`;
  }
}

/** The time by the ledger's clock. */
function clock(values: Values, now: string | null): string {
  return now === null ? "clock_timestamp()" : values.put(now, "timestamptz");
}

/** The lanes that a filter means, as a query. */
function lanesOf(schema: string, values: Values, { roles = [], groups = [], person }: NonNullable<QueueFilter["for"]>) {
  const named = `roles && ${values.put(roles, "text[]")} or groups && ${values.put(groups, "text[]")}`;
  const own = person === undefined ? "" : ` or ${values.put(person)} = any(people)`;
  return `select id from ${schema}.lanes where anybody or ${named}${own}`;
}

/** Conditions on a row `q` that an index may know, and those that none does. */
function conditionsOf(values: Values, { filter, order }: Pick<QueueRequest, "filter" | "order">) {
  const { assignee, action, agent, kind, stage, group, riskAtLeast, dueBefore, claimedBy } = filter;
  const ranges = [
    filter.isSnoozed === true ? "q.snoozed_until is not null" : "not q.parked",
    ...(assignee === undefined
      ? []
      : [assignee === null ? "q.assignee is null" : `q.assignee = ${values.put(assignee)}`]),
    ...(action === undefined ? [] : [`q.action = ${values.put(action)}`]),
  ];
  // In their own order these are where the range ends.
  const risk = riskAtLeast === undefined ? [] : [`q.risk_order <= ${values.put(-singleRisk(riskAtLeast), "real")}`];
  const due = dueBefore === undefined ? [] : [`q.due_at < ${values.put(dueBefore, "timestamptz")}`];
  const urgency = filter.urgencyAtLeast === undefined ? [] : [-URGENCIES.indexOf(filter.urgencyAtLeast)];
  const tests = [
    ...(order === "risk" ? [] : risk),
    ...(order === "deadline" ? [] : due),
    ...(agent === undefined ? [] : [`q.agent = ${values.put(agent)}`]),
    ...(kind === undefined ? [] : [`q.kind = ${values.put(kind)}`]),
    ...(stage === undefined ? [] : [`q.stage = ${values.put(stage, "int")}`]),
    ...(group === undefined ? [] : [`q.group_key = ${values.put(group)}`]),
    ...(claimedBy === undefined ? [] : [`q.claimed_by = ${values.put(claimedBy)}`]),
    ...urgency.map((least) => `q.urgency_order <= ${values.put(least, "int")}`),
    ...(filter.notOf === undefined ? [] : [`not (${values.put(filter.notOf)} = any(q.kept_from))`]),
    ...(filter.notVotedBy === undefined ? [] : [`not (${values.put(filter.notVotedBy)} = any(q.voted))`]),
  ];
  return { ranges: [...ranges, ...(order === "risk" ? risk : []), ...(order === "deadline" ? due : [])], tests };
}

/**
 * One page of the queue and one row more, to see whether another follows; and where nothing but a look at row after row
 * helps, `looksAt` as many, how many that were and the last one's place. Where lanes are asked for: lane by lane the first
 * rows of one range of one index, then the first of these, for lanes are few.
 */
export function queuePageSql(
  schema: string,
  request: QueueRequest,
  { now, looksAt }: { now: string | null; looksAt: number | null },
): Statement {
  const { filter, order, limit } = request;
  const values = new Values();
  const { column, type } = SORTED_BY[order];
  const keys = column === "asked_at" ? "q.asked_at, q.review_id" : `q.${column}, q.asked_at, q.review_id`;
  const place = placeOf(request);
  const { ranges, tests } = conditionsOf(values, request);
  if (place !== null) {
    const [value, askedAt, id] = place;
    const first = column === "asked_at" ? "" : `${values.put(value, type)}, `;
    ranges.push(`(${keys}) > (${first}${values.put(askedAt, "timestamptz")}, ${values.put(id)})`);
  }
  const rowsMax = looksAt ?? limit + 1;
  const chosen = (conditions: readonly string[], more: string): string => `
    select q.review_id, ${keysOf(column)}${more} from ${schema}.queue q
    where ${conditions.join("\n    and ")} order by ${keys} limit ${rowsMax}`;
  const fits = looksAt === null ? ", true as fits" : `, (${tests.join(" and ") || "true"}) as fits`;
  const conditions = looksAt === null ? [...ranges, ...tests] : ranges;
  const source =
    filter.for === undefined
      ? `(${chosen(conditions, fits)}) q`
      : `(${lanesOf(schema, values, filter.for)}) asked
    cross join lateral (${chosen([...conditions, "q.lane = asked.id"], fits)}) q`;
  const text = `
with looked as materialized (select q.* from ${source} order by ${keys} limit ${rowsMax}),
found as materialized (select q.* from looked q where q.fits order by ${keys} limit ${limit + 1}),
last as (select json_build_array(q.${column}, q.asked_at, q.review_id) as place from looked q
  order by ${keys
    .split(", ")
    .map((key) => `${key} desc`)
    .join(", ")} limit 1)
select (select count(*)::int from looked) as looked, (select place from last) as last, i.item, i.place
from (select) one left join lateral (
  select ${itemDoc(schema, clock(values, now))} as item, json_build_array(f.${column}, f.asked_at, f.review_id) as place,
    row_number() over (order by ${keys.replaceAll("q.", "f.")}) as nth
  from found f join ${schema}.queue q on q.review_id = f.review_id join ${schema}.lanes l on l.id = q.lane
) i on true order by i.nth`;
  return { text, values: values.all };
}

function keysOf(column: string): string {
  return column === "asked_at" ? "q.asked_at" : `q.${column}, q.asked_at`;
}

/** How many fit, up to {@link COUNT_MAX}. */
export function queueCountSql(schema: string, filter: QueueFilter): Statement {
  const values = new Values();
  const { ranges, tests } = conditionsOf(values, { filter, order: "oldest" });
  const where = [...ranges, ...tests];
  const counted = (conditions: readonly string[]): string =>
    `select count(*)::int as n from (select from ${schema}.queue q where ${conditions.join(" and ")} limit ${COUNT_MAX + 1}) found`;
  const source =
    filter.for === undefined
      ? `(${counted(where)}) each`
      : `(${lanesOf(schema, values, filter.for)}) asked cross join lateral (${counted([...where, "q.lane = asked.id"])}) each`;
  return { text: `select coalesce(sum(each.n), 0)::int as count from ${source}`, values: values.all };
}

/** A row of the queue as people see it, from `q` and its lane `l`. */
function itemDoc(schema: string, now: string): string {
  return `json_build_object('id', q.review_id, 'digest', q.digest, 'proposalId', q.proposal_id, 'threadId', q.thread_id,
    'round', q.round, 'kind', q.kind, 'trust', q.trust, 'action', q.action, 'agent', q.agent, 'requestedBy', q.requested_by,
    'summary', q.summary, 'risk', q.risk, 'amount', q.amount, 'stage', q.stage, 'step', q.step,
    'askedAt', ${schema}.iso(q.asked_at), 'deadlineAt', ${schema}.iso(nullif(q.due_at, 'infinity')),
    'urgency', (array['later', 'today', 'hour', 'now', 'overdue'])[1 - q.urgency_order],
    'assignee', q.assignee, 'claim', case when q.claimed_until > ${now} then json_build_object('by', q.claimed_by,
      'until', ${schema}.iso(q.claimed_until)) end,
    'snoozedUntil', ${schema}.iso(q.snoozed_until), 'isFlooding', q.floods, 'group', q.group_key, 'asks', l.asks::json,
    'keptFrom', q.kept_from)`;
}

/** One row of the queue. */
export const queueItemSql = (schema: string): string => `
select ${itemDoc(schema, "coalesce($2::timestamptz, clock_timestamp())")} as item
from ${schema}.queue q join ${schema}.lanes l on l.id = q.lane where q.review_id = $1`;

/** Locks one row of the queue. */
export const lockQueueRowSql = (schema: string): string => `
select q.proposal_id as "proposalId", q.assignee, q.claimed_by is distinct from $2 and coalesce(q.claimed_until >
  coalesce($3::timestamptz, clock_timestamp()), false) as "isClaimed",
  q.claimed_by is not distinct from $2 and coalesce(q.claimed_until > coalesce($3::timestamptz, clock_timestamp()), false) as "isMine"
from ${schema}.queue q where q.review_id = $1 for update`;

/** Notes who looks at a review, and until when. */
export const claimRowSql = (schema: string): string => `
update ${schema}.queue set claimed_by = $2,
  claimed_until = coalesce($4::timestamptz, clock_timestamp()) + $3::float8 * interval '1 millisecond'
where review_id = $1`;

/** Nobody looks at it any more. */
export const releaseRowSql = (schema: string): string =>
  `update ${schema}.queue set claimed_by = null, claimed_until = null where review_id = $1`;

/** Puts it aside; whoever was looking at it does no more. */
export const snoozeRowSql = (schema: string): string => `
update ${schema}.queue set snoozed_until = $2, claimed_by = null, claimed_until = null where review_id = $1`;

/** Makes it somebody's, who with a lease ($4) looks at it from now on. */
export const assignRowSql = (schema: string): string => `
update ${schema}.queue set assignee = $2, assigned_at = coalesce($3::timestamptz, clock_timestamp()),
  claimed_by = case when $4::float8 is not null then $2 end,
  claimed_until = coalesce($3::timestamptz, clock_timestamp()) + $4::float8 * interval '1 millisecond'
where review_id = $1`;

/** Brings up to date what time alone changes: urgencies, and what was put aside for long enough. */
export const refreshQueueSql = (schema: string): string => `
with at as (select coalesce($1::timestamptz, clock_timestamp()) as now)
update ${schema}.queue q set urgency_order = ${schema}.urgency_order(q.due_at, at.now),
  urgency_at = ${schema}.urgency_at(q.due_at, at.now),
  snoozed_until = case when q.snoozed_until > at.now then q.snoozed_until end
-- Where a test brings the time, what was stored by the database's own says nothing.
from at where q.urgency_at <= at.now or q.snoozed_until <= at.now or $1 is not null`;

/**
 * Lets of each agent's reviews that wait behind others as many show as its budget has room for. One leaves whenever another
 * shows no more, but whoever handled it at that moment kept it waiting. Agents of whom nothing waits are not looked at.
 */
export const letInSql = (schema: string): string => `
with recursive flooding as (
  (select agent from ${schema}.queue where floods order by agent limit 1)
  union all
  select (select q.agent from ${schema}.queue q where q.floods and q.agent > f.agent order by q.agent limit 1)
  from flooding f where f.agent is not null
), room as (
  select f.agent, s.per_agent - (select count(*) from (
    select from ${schema}.queue q where q.agent = f.agent and not q.floods limit s.per_agent) shown) as free
  from flooding f, ${schema}.settings s where f.agent is not null
), next as materialized (
  select n.review_id from room cross join lateral (
    select q.review_id from ${schema}.queue q where q.agent = room.agent and q.floods
    order by q.asked_at, q.review_id limit room.free for update skip locked) n
  where room.free > 0
)
update ${schema}.queue q set floods = false from next where q.review_id = next.review_id`;

/** How many open reviews are whose, and when somebody last got one. */
export const loadsSql = (schema: string): string => `
select assignee as id, count(*)::int as open, ${schema}.iso(max(assigned_at)) as "lastAt" from ${schema}.queue
where assignee is not null group by assignee order by assignee`;

/** What is set for the whole queue. */
export const settingsSql = (schema: string): string => `select per_agent as "perAgent" from ${schema}.settings`;

/** Sets it, and lets those of each agent show that come first. */
export const setSettingsSql = (schema: string): string => `
with changed as (update ${schema}.settings set per_agent = $1)
update ${schema}.queue q set floods = ranked.nth > $1 from (
  select review_id, row_number() over (partition by agent order by asked_at, review_id) as nth from ${schema}.queue
) ranked where ranked.review_id = q.review_id and q.floods <> (ranked.nth > $1)`;
