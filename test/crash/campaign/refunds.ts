import { createAssent, loadKeys, policy, type Assent } from "assent";
import { postgresLedger, type OpenPostgres } from "assent/postgres";
import { testAuthenticator } from "assent/testing";

/** What a process is told that works with the refunds of the LangGraph server. */
export interface ServerOrder {
  /** Where Postgres is. */
  url: string;
  serverUrl: string;
  /** The ledger's schema. */
  schema: string;
  /** The folder with the server's keys. */
  keys: string;
}

/** The ledger of the graph on the LangGraph server, as those see it who decide and deliver: the graph runs elsewhere. */
export async function openRefunds(
  { pool }: OpenPostgres,
  { schema, keys }: ServerOrder,
): Promise<{ assent: Assent; people: ReturnType<typeof testAuthenticator> }> {
  const people = testAuthenticator();
  const assent = createAssent({
    actions: [],
    policy: policy({ default: { route: "review" } }),
    ledger: postgresLedger({ pool, schema }),
    trust: "verified",
    authenticators: [people],
    keys: await loadKeys(keys),
  });
  return { assent, people };
}
