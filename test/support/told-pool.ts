import type { Pool, PoolClient, QueryConfig } from "pg";

/** The same pool, whose statements wait, each before it is sent, until `before` has done with its text. */
export function toldPool(pool: Pool, before: (text: string) => Promise<unknown>): Pool {
  return replacing(pool, "connect", async (): Promise<PoolClient> => {
    const client = await pool.connect();
    return replacing(client, "query", (config: QueryConfig, callback: () => void) => {
      void before(config.text).then(() => client.query(config, callback));
    });
  });
}

/** The same object, but for one of its methods. */
function replacing<Thing extends object>(thing: Thing, method: keyof Thing, by: unknown): Thing {
  return new Proxy(thing, {
    get(target, name) {
      if (name === method) return by;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
