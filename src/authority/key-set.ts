import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { z } from "zod";
import { AssentError } from "../model/error.js";
import { keyIdOf, type TrustedKey } from "./keys.js";
import { keySigner, type Signer } from "./signature.js";

const Time = z.iso.datetime({ precision: 3 });

/** One Ed25519 key of a file: a JWK (RFC 8037) with the times between which it signs. */
const KeyEntry = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  use: z.literal("sig"),
  alg: z.literal("EdDSA"),
  kid: z.string(),
  x: z.string(),
  /** The private half; only in the files of those that decide. */
  d: z.string().optional(),
  since: Time,
  until: Time.nullable(),
  revokedAt: Time.nullable(),
});
type KeyEntry = z.infer<typeof KeyEntry>;

/** The content of a key file: a JWK set (RFC 7517), oldest key first. */
export const KeySet = z.strictObject({ keys: z.array(KeyEntry).min(1) });
/** The content of a key file. */
export type KeySet = z.infer<typeof KeySet>;

/** What is shown of a key. */
export interface KeyListing {
  id: string;
  /** `signing`: decisions are signed with it; `retired`: what it signed counts; `revoked`: nothing it signed counts. */
  state: "signing" | "retired" | "revoked";
  since: string;
  until: string | null;
  revokedAt: string | null;
  /** Whether the private half is in this file. */
  isPrivate: boolean;
}

/** A set with one new key. */
export function newKeySet(at: string): KeySet {
  return { keys: [newEntry(at)] };
}

/** Retires the key in use and adds a new one: what the old one signed so far still counts. */
export function rotated({ keys }: KeySet, at: string): KeySet {
  // A retired key signs nothing more, so its private half goes.
  const retired = keys.map(({ d: _private, ...known }): KeyEntry => ({ ...known, until: known.until ?? at }));
  return { keys: [...retired, newEntry(at)] };
}

/**
 * Revokes a key: nothing that it signed counts at a claim any more. If it was the one in use, a new one takes its place.
 *
 * @throws AssentError `key_unknown`.
 */
export function revoked(set: KeySet, id: string, at: string): KeySet {
  if (!set.keys.some(({ kid }) => kid === id)) {
    throw new AssentError("key_unknown", {
      what: "There is no such key",
      where: "key id",
      seen: id,
      fix: "`assent keys list` shows the ids",
    });
  }
  const keys = set.keys.map(({ d, ...known }): KeyEntry => {
    if (known.kid !== id) return d === undefined ? known : { ...known, d };
    return { ...known, until: known.until ?? at, revokedAt: known.revokedAt ?? at };
  });
  return keys.some(({ until }) => until === null) ? { keys } : { keys: [...keys, newEntry(at)] };
}

/** The same set without private halves: what graph hosts get. */
export function publicPart({ keys }: KeySet): KeySet {
  return { keys: keys.map(({ d: _private, ...known }) => known) };
}

/** The keys of a set, oldest first, as they are shown. */
export function listed({ keys }: KeySet): KeyListing[] {
  return keys.map(({ kid, d, since, until, revokedAt }) => ({
    id: kid,
    state: revokedAt !== null ? "revoked" : until === null ? "signing" : "retired",
    since,
    until,
    revokedAt,
    isPrivate: d !== undefined,
  }));
}

/**
 * Reads the text of a key file.
 *
 * @throws AssentError `keys_invalid`; the message never holds a part of a key.
 */
export function parseKeySet(text: string, where: string): KeySet {
  const invalid = (what: string): AssentError =>
    new AssentError("keys_invalid", {
      what: `The key file cannot be used: ${what}`,
      where,
      fix: "Restore it, or make a new one with `assent keys generate`",
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  const parsed = KeySet.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") || "it"} is not what a key file has there`);
  }
  const known = new Set<string>();
  for (const entry of parsed.data.keys) {
    requireSound(entry, invalid);
    // Otherwise what one entry revokes another would let pass.
    if (known.has(entry.kid)) throw invalid(`key ${entry.kid} is there twice`);
    known.add(entry.kid);
  }
  const current = parsed.data.keys.filter(({ until }) => until === null);
  if (current.length > 1) throw invalid("more than one key is in use");
  return parsed.data;
}

function requireSound(entry: KeyEntry, invalid: (what: string) => AssentError): void {
  const { kid, d, until, revokedAt } = entry;
  let known: string;
  try {
    known = keyIdOf(publicKeyOf(entry));
  } catch {
    throw invalid(`key ${kid} is no Ed25519 key`);
  }
  if (known !== kid) throw invalid(`key ${kid} has another thumbprint than its name says`);
  if (revokedAt !== null && until === null) throw invalid(`key ${kid} is revoked and still in use`);
  if (d === undefined) return;
  try {
    if (keyIdOf(createPublicKey(privateKeyOf(entry))) === kid) return;
  } catch {
    // Told below, without what the library says: it may quote the key.
  }
  throw invalid(`the private half of key ${kid} is not its own`);
}

/** The public keys of a set. */
export function trustedKeysOf({ keys }: KeySet): TrustedKey[] {
  return keys.map((entry) => {
    const { kid, since, until, revokedAt } = entry;
    return { id: kid, publicKey: publicKeyOf(entry), since, until, revokedAt };
  });
}

/** What the set signs with now; null if it holds no private half of the key in use. */
export function signerOf({ keys }: KeySet): Signer | null {
  const current = keys.find(({ until, d }) => until === null && d !== undefined);
  return current === undefined ? null : keySigner(current.kid, privateKeyOf(current));
}

function newEntry(at: string): KeyEntry {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { x = "", d = "" } = privateKey.export({ format: "jwk" });
  const kid = keyIdOf(publicKey);
  return {
    kty: "OKP",
    crv: "Ed25519",
    use: "sig",
    alg: "EdDSA",
    kid,
    x,
    d,
    since: at,
    until: null,
    revokedAt: null,
  };
}

function publicKeyOf({ kty, crv, x }: KeyEntry) {
  return createPublicKey({ key: { kty, crv, x }, format: "jwk" });
}

function privateKeyOf({ kty, crv, x, d = "" }: KeyEntry) {
  return createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" });
}
