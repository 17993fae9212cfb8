import type { Pool, PoolClient } from "pg";

/**
 * Names that this process holds in the database for as long as its connection lives. Whoever is killed has let go of
 * them the moment that the database notices, and nobody's clock is asked.
 *
 * A connection that breaks is replaced, and what was held on it is held again; in between others may take it. So it
 * keeps two workers apart, and nothing that must never happen may hang on it.
 */
export class Presence {
  readonly #pool: Pool;
  readonly #held = new Set<string>();
  #client: PoolClient | undefined;
  #stopListening: () => void = () => {};
  /** What is asked one after the other, as the connection takes it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Holds a name that nobody else has a claim to; one that is held already is held again if its connection broke. */
  async hold(name: string): Promise<void> {
    await this.#inTurn(async () => {
      const client = await this.#connected();
      if (this.#held.has(name)) return;
      await client.query("select pg_advisory_lock(hashtextextended($1, 7221))", [name]);
      this.#held.add(name);
    });
  }

  /** Holds a name if nobody does; false if somebody does, this process included. */
  async tryHold(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#held.has(name)) return false;
      const isOurs = await this.#take(await this.#connected(), name);
      if (isOurs) this.#held.add(name);
      return isOurs;
    });
  }

  /** Lets go of a name. */
  async letGo(name: string): Promise<void> {
    await this.#inTurn(async () => {
      this.#held.delete(name);
      // On a connection that broke it is let go already.
      await this.#client?.query("select pg_advisory_unlock(hashtextextended($1, 7221))", [name]).catch(() => undefined);
    });
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#held.clear();
      const client = this.#client;
      this.#client = undefined;
      if (client === undefined) return;
      this.#stopListening();
      const broken = await client.query("select pg_advisory_unlock_all()").then(
        () => false,
        () => true,
      );
      client.release(broken);
    });
  }

  async #connected(): Promise<PoolClient> {
    if (this.#client !== undefined) return this.#client;
    const client = await this.#pool.connect();
    const onLost = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.release(true);
    };
    client.on("error", onLost);
    this.#stopListening = () => void client.off("error", onLost);
    this.#client = client;
    for (const name of this.#held) await this.#take(client, name);
    return client;
  }

  async #take(client: PoolClient, name: string): Promise<boolean> {
    const { rows } = await client.query<{ taken: boolean }>(
      "select pg_try_advisory_lock(hashtextextended($1, 7221)) as taken",
      [name],
    );
    return rows[0]?.taken === true;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
