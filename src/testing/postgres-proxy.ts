import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { systemClock, type Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import { ProxiedConnection } from "./postgres-proxy/connection.js";
import { Faults, type CutRates } from "./postgres-proxy/faults.js";

/** What {@link postgresProxy} needs. */
export interface PostgresProxyOptions {
  /** Connection URL of the real server, which is spoken to over TCP without encryption. */
  url: string;
  /** What delays are timed by; the machine's clock unless said. */
  clock?: Clock;
}

/** How often connections are cut at random. */
export type { CutRates } from "./postgres-proxy/faults.js";

/** A Postgres as its clients see it while the network misbehaves. */
export interface PostgresProxy {
  /** Connection URL for the clients: the real one's user, password and database at the proxy's address. */
  readonly url: string;
  /** How many clients are connected. */
  readonly connections: number;
  /** How many commits clients have sent: each `COMMIT`, and each statement that writes outside of a transaction. */
  readonly commits: number;
  /** How many connections were cut at a commit. */
  readonly cuts: { readonly before: number; readonly after: number };
  /**
   * Cuts the connection of the `nth` commit from now (1, the next one, unless said): `before` the server has heard of
   * it, so nothing was written; or `after` it is durable and before the client hears so, which cannot tell the two
   * apart. May be called several times, for several commits.
   */
  cutCommit(where: "before" | "after", nth?: number): void;
  /** From now on cuts commits at random. */
  cutAtRandom(rates: CutRates): void;
  /** Cuts every connection that is open now. */
  cutAll(): void;
  /** From now on lets everything pass only after so many milliseconds, each way. */
  delay(ms: number): void;
  /**
   * From now on accepts and keeps connections but lets nothing pass, one way or both: to its peer, the other side
   * seems to think for ever.
   */
  halfOpen(direction?: "both" | "to-server" | "to-client"): void;
  /** Ends every fault: nothing is armed any more, and what was held passes. What was cut stays cut. */
  heal(): void;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of a Postgres that makes its network fail exactly where it hurts: around a commit. It reads
 * the wire protocol, so it knows which message commits and when the server has made that durable.
 *
 * What writes is told by the words of a statement (`insert`, `update`, `create`, …), so a plain `select` of a function
 * that writes is not taken for a commit. An offer to encrypt is declined.
 *
 * @throws AssentError `config_invalid` for a URL without a host that can be reached over TCP, a rate, a count or a delay
 *   that makes no sense.
 * @example
 * ```ts
 * import { postgresProxy } from "assent/testing";
 * import { Pool } from "pg";
 *
 * declare const databaseUrl: string;
 *
 * const proxy = await postgresProxy({ url: databaseUrl });
 * const pool = new Pool({ connectionString: proxy.url });
 * proxy.cutCommit("after");
 * await pool.query("insert into orders values (1)").catch(() => "written, and nobody told us");
 * await pool.end();
 * await proxy.close();
 * ```
 */
export async function postgresProxy({ url, clock = systemClock }: PostgresProxyOptions): Promise<PostgresProxy> {
  const server = addressOf(url);
  const faults = new Faults(clock);
  const connections = new Set<ProxiedConnection>();
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new ProxiedConnection(socket, server, faults);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const cutAll = (): void => {
    for (const connection of connections) connection.cut();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = once(listener, "close");
    listener.close();
    cutAll();
    await closed;
    await Promise.all([...connections].map((connection) => connection.closed));
  };
  return {
    url: urlAt(url, listener.address() as AddressInfo),
    get connections() {
      return connections.size;
    },
    get commits() {
      return faults.commits;
    },
    get cuts() {
      return { ...faults.cuts };
    },
    cutCommit(where, nth = 1) {
      requireSense("nth", nth, Number.isInteger(nth) && nth >= 1);
      faults.arm(where, nth);
    },
    cutAtRandom(rates) {
      const { before, after } = rates;
      requireSense("rates", { before, after }, before >= 0 && after >= 0 && before + after <= 1);
      faults.cutAtRandom(rates);
    },
    cutAll,
    delay(ms) {
      requireSense("ms", ms, Number.isFinite(ms) && ms >= 0);
      faults.delayMs = ms;
    },
    halfOpen(direction = "both") {
      if (direction !== "to-client") faults.shut("to-server");
      if (direction !== "to-server") faults.shut("to-client");
    },
    heal: () => faults.heal(),
    close: () => (closing ??= close()),
  };
}

function requireSense(where: string, seen: unknown, makesSense: boolean): void {
  if (makesSense) return;
  throw new AssentError("config_invalid", { what: "A proxy cannot do that", where, seen });
}

function addressOf(url: string): { host: string; port: number } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && parsed.hostname !== "" && !parsed.searchParams.has("host")) {
    return { host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(parsed.port || 5432) };
  }
  throw new AssentError("config_invalid", {
    what: "A proxy needs the URL of a Postgres that listens on a TCP port",
    where: "url",
    fix: "Write it as postgres://user:password@host:port/database",
  });
}

function urlAt(url: string, { address, port }: AddressInfo): string {
  const proxied = new URL(url);
  proxied.hostname = address;
  proxied.port = String(port);
  proxied.searchParams.delete("sslmode");
  return proxied.toString();
}
