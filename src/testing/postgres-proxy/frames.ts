/** One message of the Postgres protocol. */
export interface Frame {
  /** The letter that a message starts with; empty for those that start a connection, which have none. */
  type: string;
  /** The whole message as it stands on the wire. */
  bytes: Buffer;
  /** What follows letter and length. */
  body: Buffer;
}

/** What starts a connection: an offer to encrypt, which is answered by one byte, or the start proper. */
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;

/** Whether a message offers to encrypt the connection. */
export function offersEncryption({ type, body }: Frame): boolean {
  if (type !== "" || body.length < 4) return false;
  const code = body.readInt32BE(0);
  return code === SSL_REQUEST || code === GSS_REQUEST;
}

/** Cuts what arrives on a connection into messages. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);
  #starting: boolean;

  /** `starting`: whether the first messages have no letter, as a client's have until the connection is started. */
  constructor({ starting }: { starting: boolean }) {
    this.#starting = starting;
  }

  /** Takes the next bytes and gives the messages that are complete by now. */
  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | null {
    const head = this.#starting ? 0 : 1;
    if (this.#rest.length < head + 4) return null;
    const length = head + this.#rest.readInt32BE(head);
    if (this.#rest.length < length) return null;
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    const type = bytes.toString("latin1", 0, head);
    const frame = { type, bytes, body: bytes.subarray(head + 4) };
    if (this.#starting && !offersEncryption(frame)) this.#starting = false;
    return frame;
  }
}

/** The texts at the start of a message's body, each of them ended by a zero byte. */
export function textsOf({ body }: Frame, count: number): string[] {
  const texts: string[] = [];
  for (let at = 0; texts.length < count;) {
    const end = body.indexOf(0, at);
    if (end < 0) break;
    texts.push(body.toString("utf8", at, end));
    at = end + 1;
  }
  return texts;
}
