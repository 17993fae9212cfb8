// A process of its own that opens the embedded Postgres in the folder given to it and does what it is told by IPC.
import { Client } from "pg";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/ledger/postgres/embedded/index.js";

/** What the child can be told. */
export type Order = { id: number; do: "open" } | { id: number; do: "close" } | { id: number; do: "query"; sql: string };
/** What it answers. */
export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

const directory = process.argv[2] ?? "";
let postgres: EmbeddedPostgres | undefined;
let client: Client | undefined;

async function obey(order: Order): Promise<unknown> {
  if (order.do === "open") {
    postgres = await openEmbeddedPostgres({ directory });
    return { url: postgres.url, port: postgres.port, owner: postgres.owner };
  }
  if (order.do === "close") {
    await client?.end();
    return postgres?.close();
  }
  if (client === undefined) {
    client = new Client({ connectionString: postgres?.url });
    client.on("error", () => undefined);
    await client.connect();
  }
  return (await client.query(order.sql)).rows;
}

process.on("disconnect", () => process.exit(1));
process.on("message", (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ id: order.id, value } satisfies Answer),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) } satisfies Answer),
  );
});
