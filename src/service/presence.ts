import type { Pool, PoolClient, QueryConfig, QueryResultRow } from "pg";

/** The lock that stands for a name. */
const LOCK = "hashtextextended($1, 7221)";

/**
 * Names that this process holds in the database for as long as its connection lives. Whoever is killed has let go of
 * them the moment that the database notices, and nobody's clock is asked.
 *
 * A connection that breaks, or does not answer, is replaced, and what was held on it is held again; in between others may
 * take it. So it keeps two workers apart, and nothing that must never happen may hang on it.
 */
export class Presence {
  readonly #pool: Pool;
  readonly #answerMs: number;
  readonly #held = new Set<string>();
  /** Those of them that are held on this very connection; the others are taken as soon as they can be. */
  readonly #taken = new Set<string>();
  #client: PoolClient | undefined;
  #giveUp: (broken: boolean) => void = () => {};
  /** What is asked one after the other, as the connection takes it. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param answerMs - how long its connection may take to answer, in milliseconds, before it counts as broken. */
  constructor(pool: Pool, answerMs = 10_000) {
    this.#pool = pool;
    this.#answerMs = answerMs;
  }

  /** Holds a name that nobody else has a claim to; one that is held already is held again if its connection broke. */
  async hold(name: string): Promise<void> {
    await this.#inTurn(async () => {
      const client = await this.#connected();
      if (this.#held.has(name)) return;
      await this.#ask(client, `select pg_advisory_lock(${LOCK})`, [name]);
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
      if (this.#client === undefined) return;
      await this.#ask(this.#client, `select pg_advisory_unlock(${LOCK})`, [name]).catch(() => undefined);
    });
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#held.clear();
      this.#taken.clear();
      if (this.#client === undefined) return;
      await this.#ask(this.#client, "select pg_advisory_unlock_all()").catch(() => undefined);
      this.#giveUp(false);
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
    const onLost = (): void => this.#giveUp(true);
    client.on("error", onLost);
    this.#giveUp = (broken) => {
      this.#giveUp = () => {};
      this.#client = undefined;
      this.#taken.clear();
      client.off("error", onLost);
      client.release(broken);
    };
    this.#client = client;
    return client;
  }

  async #take(client: PoolClient, name: string): Promise<boolean> {
    const [row] = await this.#ask<{ taken: boolean }>(client, `select pg_try_advisory_lock(${LOCK}) as taken`, [name]);
    const isTaken = row?.taken === true;
    if (isTaken) this.#taken.add(name);
    return isTaken;
  }

  /** What gets no answer may be held or not: with its connection it is let go. */
  async #ask<Row extends QueryResultRow>(client: PoolClient, text: string, values: unknown[] = []): Promise<Row[]> {
    const statement: QueryConfig & { query_timeout: number } = { text, values, query_timeout: this.#answerMs };
    try {
      return (await client.query<Row>(statement)).rows;
    } catch (error) {
      this.#giveUp(true);
      throw error;
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
