// A process of its own that opens the embedded Postgres in the folder given to it and does what it is told by IPC.
import { Client } from "pg";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/ledger/postgres/embedded/index.js";

/** What the child can be told. */
export type Order = { id: number; do: "open" | "close" } | { id: number; do: "query"; sql: string };
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
  switch (order.do) {
    case "open":
      postgres = await openEmbeddedPostgres({ directory });
      return { url: postgres.url, port: postgres.port, owner: postgres.owner };
    case "query":
      if (client === undefined) {
        client = new Client({ connectionString: postgres?.url });
        client.on("error", () => undefined);
        await client.connect();
      }
      return (await client.query(order.sql)).rows;
    case "close":
      await client?.end();
      await postgres?.close();
      return undefined;
  }
}

process.on("disconnect", () => process.exit(1));
process.on("message", (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ id: order.id, value } satisfies Answer),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) } satisfies Answer),
  );
});
