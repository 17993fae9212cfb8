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
  /** Those of them that are held on this very connection; the others are taken as soon as they can be. */
  readonly #taken = new Set<string>();
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
      this.#taken.add(name);
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
      this.#taken.delete(name);
      // On a connection that broke it is let go already.
      await this.#client?.query("select pg_advisory_unlock(hashtextextended($1, 7221))", [name]).catch(() => undefined);
    });
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#held.clear();
      this.#taken.clear();
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

  /** The connection, with everything taken on it that can be: what a broken one held may be the server's for a while. */
  async #connected(): Promise<PoolClient> {
    const client = this.#client ?? (await this.#connect());
    for (const name of this.#held) if (!this.#taken.has(name)) await this.#take(client, name);
    return client;
  }

  async #connect(): Promise<PoolClient> {
    const client = await this.#pool.connect();
    const onLost = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#taken.clear();
      client.release(true);
    };
    client.on("error", onLost);
    this.#stopListening = () => void client.off("error", onLost);
    this.#client = client;
    return client;
  }

  async #take(client: PoolClient, name: string): Promise<boolean> {
    const { rows } = await client.query<{ taken: boolean }>(
      "select pg_try_advisory_lock(hashtextextended($1, 7221)) as taken",
      [name],
    );
    const isTaken = rows[0]?.taken === true;
    if (isTaken) this.#taken.add(name);
    return isTaken;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
