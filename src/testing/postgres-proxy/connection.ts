import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { AssentError } from "../../model/error.js";
import { Conversation, type Cycle } from "./conversation.js";
import type { Direction, Faults } from "./faults.js";
import { Frames, offersEncryption, type Frame } from "./frames.js";

/** One client, and the connection to the server that is its own. */
export class ProxiedConnection {
  /** Settles once both ends are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: Faults;
  readonly #ending = new AbortController();
  readonly #conversation = new Conversation();
  readonly #fromClient = new Frames({ starting: true });
  readonly #fromServer = new Frames({ starting: false });
  /** The commit whose answer the client is not to hear, and what was held back of it. */
  #unheard: { cycle: Cycle; held: Buffer[] } | null = null;

  constructor(client: Socket, server: { host: string; port: number }, faults: Faults) {
    this.#client = client.setNoDelay(true);
    this.#server = connect(server).setNoDelay(true);
    this.#faults = faults;
    const ends = [client, this.#server].map(async (socket) => {
      // What breaks at one end is told to the other by closing it.
      socket.on("error", () => this.cut());
      await new Promise((resolve) => socket.once("close", resolve));
    });
    const pumps = [
      this.#pump(client, "to-server", (chunk) => this.#toServer(chunk)),
      this.#pump(this.#server, "to-client", (chunk) => this.#toClient(chunk)),
    ];
    this.closed = Promise.all([...ends, ...pumps]).then(() => undefined);
  }

  /** Cuts it, at both ends. */
  cut(): void {
    this.#ending.abort(new AssentError("postgres_unavailable", { what: "The proxy cut the connection" }));
    this.#client.destroy();
    this.#server.destroy();
  }

  async #pump(from: Socket, direction: Direction, pass: (chunk: Buffer) => Promise<void>): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#faults.passage(direction, this.#ending.signal);
        await pass(chunk);
      }
      await this.#faults.passage(direction, this.#ending.signal);
      (direction === "to-server" ? this.#server : this.#client).end();
    } catch {
      this.cut();
    }
  }

  async #toServer(chunk: Buffer): Promise<void> {
    const passing: Buffer[] = [];
    for (const frame of this.#fromClient.push(chunk)) {
      if (offersEncryption(frame)) {
        this.#client.write("N");
        continue;
      }
      if (this.#cutsBefore(frame)) return this.cut();
      passing.push(frame.bytes);
    }
    await this.#write(this.#server, passing);
  }

  #cutsBefore(frame: Frame): boolean {
    const cycle = frame.type === "" ? null : this.#conversation.sent(frame);
    const where = cycle === null ? null : this.#faults.atCommit();
    if (where === "after" && cycle !== null) this.#unheard = { cycle, held: [] };
    if (where === "before") this.#faults.cuts.before += 1;
    return where === "before";
  }

  async #toClient(chunk: Buffer): Promise<void> {
    const passing: Buffer[] = [];
    for (const frame of this.#fromServer.push(chunk)) {
      const unheard = this.#unheard;
      const isUnheard = unheard !== null && this.#conversation.answering === unheard.cycle;
      const ended = this.#conversation.received(frame);
      if (!isUnheard) {
        passing.push(frame.bytes);
        continue;
      }
      unheard.held.push(frame.bytes);
      if (ended === null) continue;
      this.#unheard = null;
      if (ended.committed) {
        this.#faults.cuts.after += 1;
        return this.cut();
      }
      // It came to nothing, so there was no answer to lose: the next commit's will be.
      passing.push(...unheard.held);
      this.#faults.arm("after", 1);
    }
    await this.#write(this.#client, passing);
  }

  async #write(to: Socket, buffers: readonly Buffer[]): Promise<void> {
    if (buffers.length === 0 || to.write(Buffer.concat(buffers))) return;
    await once(to, "drain", { signal: this.#ending.signal });
  }
}
