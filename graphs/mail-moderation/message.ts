import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import PostalMime, { type Address, type Email } from "postal-mime";

/** A mail message as a person reads it. Every text is valid Unicode without control characters. */
export interface Message {
  /** The author as shown: `Robert Elz <kre@munnari.oz.au>`; empty if the message names none. */
  from: string;
  /** The author's address in lower case, as one would block it, without white space; empty if the message names none. */
  sender: string;
  /** The decoded subject on one line; empty if there is none. */
  subject: string;
  /** When it was sent, as an ISO 8601 instant; the header as written if it is no date; empty if there is none. */
  date: string;
  /** The text: the plain parts, else the HTML as text, else what follows the headers. */
  body: string;
  /** The names (or else media types) of the attachments. */
  attachments: string[];
}

/**
 * Reads a raw RFC 822 message, however damaged: what cannot be read stays empty, and a message that is no message at
 * all comes back as a body. Never throws.
 *
 * @param raw The bytes as received, with or without a leading mbox `From ` line.
 */
export async function readMessage(raw: Uint8Array): Promise<Message> {
  try {
    const email = await PostalMime.parse(withReadableCharset(raw));
    const author = mailboxOf(email.from) ?? mailboxOf(email.sender) ?? { name: "", address: email.returnPath ?? "" };
    return {
      from: oneLine(shownAuthor(author)),
      sender: oneLine(author.address).replaceAll(" ", "").toLowerCase(),
      subject: oneLine(email.subject ?? ""),
      date: oneLine(email.date ?? ""),
      body: clean(await bodyOf(email, raw)),
      attachments: email.attachments.map(({ filename, mimeType }) => oneLine(filename ?? mimeType)),
    };
  } catch {
    // Only hostile input gets here: parts nested hundreds deep, headers of megabytes.
    return { from: "", sender: "", subject: "", date: "", body: clean(decoded(raw)), attachments: [] };
  }
}

async function bodyOf(email: Email, raw: Uint8Array): Promise<string> {
  if (email.text !== undefined && email.text.trim() !== "") return email.text;
  if (email.html !== undefined) {
    const text = await htmlAsText(email.html);
    if (text.trim() !== "") return text;
  }
  // A multipart message whose boundaries are damaged has no parts; its source is better than nothing.
  return email.attachments.length > 0 ? "" : decoded(raw.subarray(headerEnd(raw)));
}

/** postal-mime turns HTML into text only where the same message also has plain text, so it is given such a message. */
async function htmlAsText(html: string): Promise<string> {
  const base64 = Buffer.from(html).toString("base64");
  const plain = "--part\n\n\n";
  const rich = `--part\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${base64}\n--part--\n`;
  const email = await PostalMime.parse(`Content-Type: multipart/mixed; boundary=part\n\n${plain}${rich}`);
  return email.text ?? "";
}

/**
 * Old mail is full of 8-bit bytes that nobody declared. Where a message is not valid UTF-8, its headers are taken to be
 * in the first charset that it declares, and a message that declares none is taken to be windows-1252 throughout.
 */
function withReadableCharset(raw: Uint8Array): Uint8Array {
  if (isUtf8(raw)) return raw;
  const label = /charset\s*=\s*["']?([^\s"';]+)/i.exec(Buffer.from(raw).toString("latin1"))?.[1];
  const end = label === undefined ? raw.length : headerEnd(raw);
  const head = Buffer.from(decoderFor(label).decode(raw.subarray(0, end)));
  return Buffer.concat([head, raw.subarray(end)]);
}

function decoded(raw: Uint8Array): string {
  return isUtf8(raw) ? Buffer.from(raw).toString("utf8") : decoderFor(undefined).decode(raw);
}

function decoderFor(label: string | undefined): TextDecoder {
  try {
    return new TextDecoder(label ?? "windows-1252");
  } catch {
    return new TextDecoder("windows-1252");
  }
}

/** Where the headers end: after the first empty line, or at the very end if there is none. */
function headerEnd(raw: Uint8Array): number {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const ends = [buffer.indexOf("\n\n"), buffer.indexOf("\n\r\n")].filter((index) => index >= 0);
  return ends.length === 0 ? raw.length : Math.min(...ends) + 1;
}

function mailboxOf(address: Address | undefined): { name: string; address: string } | undefined {
  const mailbox = address?.group === undefined ? address : address.group[0];
  return mailbox?.address ? mailbox : undefined;
}

function shownAuthor({ name, address }: { name: string; address: string }): string {
  return name === "" ? address : `${name} <${address}>`;
}

/** What the bytes 0x80 to 0x9F are in windows-1252. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

/**
 * Without control characters and lone surrogates, which neither Postgres' jsonb nor canonical JSON can hold. Those from
 * U+0080 to U+009F are windows-1252 taken for ISO-8859-1, by whoever wrote `&#146;` or by a TextDecoder that knows no
 * difference between the two, as Node.js 20's does not.
 */
function clean(text: string): string {
  return text
    .replace(/[\u0080-\u009F]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80] ?? "")
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])\p{Cc}/gu, "")
    .replace(/\p{Cs}/gu, "\uFFFD")
    .trim();
}

function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, " ");
}
