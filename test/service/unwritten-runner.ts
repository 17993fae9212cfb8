/**
 * A runner that cannot write that the first of its four jobs is done, and is stopped when they all are: URL and schema on
 * its command line. It ends by itself, unless something keeps it.
 */
import { manualClock, postgresProxy } from "assent/testing";
import { Pool } from "pg";
import { JobQueue } from "../../src/ledger/postgres/jobs.js";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";
import { JobRunner } from "../../src/service/job-runner.js";
import { Presence } from "../../src/service/presence.js";
import { asTimeGoesBy, meetingOf } from "./desk.js";

const [url = "", schema = ""] = process.argv.slice(2);
const names = ["one", "two", "three", "four"];
const proxy = await postgresProxy({ url });
const [pool, steady] = [new Pool({ connectionString: proxy.url }), new Pool({ connectionString: url })];
for (const each of [pool, steady]) each.on("error", () => {}).on("connect", (client) => client.on("error", () => {}));

const queue = new JobQueue(steady, schema);
const presence = new Presence(steady);
const clock = manualClock();
const arrive = meetingOf(names.length);
const leave = new Map(names.map((name) => [name, meetingOf(1)]));
const unwritten = meetingOf(1);
const runner = new JobRunner({
  pool,
  jobsSchema: jobsSchema(schema),
  concurrency: names.length,
  tasks: {
    async wait(payload) {
      void arrive();
      await leave.get((payload as { name: string }).name)?.complete;
    },
  },
  queue,
  presence,
  nameOf: (id) => `assent.worker.${schema}.${id}`,
  clock,
  tell(event) {
    if (event.kind === "trouble" && event.what.startsWith("Failed to complete jobs")) void unwritten();
  },
});
for (const name of names) await queue.now("wait", name, { name });
const stopping = new AbortController();
const { ended } = await runner.begin(stopping.signal);
await arrive.complete;

proxy.cutAtRandom({ before: 1, after: 0, random: Math.random });
void leave.get("one")?.();
await unwritten.complete;
proxy.heal();
for (const [left, name] of [
  [3, "two"],
  [2, "three"],
  [1, "four"],
] as const) {
  void leave.get(name)?.();
  const jobs = `select from ${schema}_jobs.jobs where key like 'wait:%'`;
  while ((await steady.query(jobs)).rows.length > left) await new Promise((again) => void setImmediate(again));
}
stopping.abort();
await asTimeGoesBy(clock, ended);
await presence.close();
await Promise.all([pool.end(), steady.end()]);
await proxy.close();
