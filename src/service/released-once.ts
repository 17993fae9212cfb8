import type { Pool, PoolClient } from "pg";

type Release = (error?: unknown) => void;
type Connected = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

/**
 * A pool that takes a client back once, however often it is given back. graphile-worker gives one back twice where it
 * ends as its listening connection breaks, and what pg throws at that would end the process.
 */
export function releasedOnce(pool: Pool): Pool {
  const connect = (connected?: Connected): Promise<PoolClient> | undefined => {
    if (connected === undefined) return pool.connect();
    // Whoever asks a pool that has ended gets nothing to give back.
    pool.connect((error, client, done: Release | undefined) => {
      let isReleased = false;
      connected(error, client, (broken) => {
        if (isReleased) return;
        isReleased = true;
        done?.(broken);
      });
    });
    return undefined;
  };
  return new Proxy(pool, {
    get(target, name) {
      if (name === "connect") return connect;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
