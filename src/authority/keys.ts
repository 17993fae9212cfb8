import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { AssentError } from "../model/error.js";
import { keySigner, type Signer } from "./signature.js";

/** A public key that signatures are checked with, and when what it signed counts. */
export interface TrustedKey {
  /** The key's RFC 7638 thumbprint. */
  readonly id: string;
  readonly publicKey: KeyObject;
  /** What it signs counts from then on; an ISO time. */
  readonly since: string;
  /** What it signed until then, about what was proposed until then, still counts; null while it is in use. */
  readonly until: string | null;
  /** Set once the key may be in wrong hands: nothing that it signed counts any more, whatever time it says. */
  readonly revokedAt: string | null;
}

/**
 * The keys of one process. Those that decide hold a signing key; graph hosts hold public keys only, so that nobody who
 * takes over a graph host can approve anything.
 */
export interface Keys {
  /** What decisions are signed with now; null where only public keys are held. */
  signer(): Promise<Signer | null>;
  /** The keys that signatures are checked with. Asked for at each claim, so a revocation counts at once. */
  trusted(): Promise<readonly TrustedKey[]>;
}

/** A key's name: the thumbprint of RFC 7638, which everybody can compute from the public key alone. */
export function keyIdOf(publicKey: KeyObject): string {
  const { crv, kty, x } = publicKey.export({ format: "jwk" });
  return createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
}

let ofThisProcess: Keys | undefined;

/**
 * A key that lives as long as this process, for a ledger that does not outlive it either. Made when first needed; the
 * same for everything in the process.
 */
export function processKeys(): Keys {
  ofThisProcess ??= ephemeralKeys();
  return ofThisProcess;
}

/** A new key that nobody else has and that nothing keeps. */
export function ephemeralKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const id = keyIdOf(publicKey);
  const signer = keySigner(id, privateKey);
  const trusted = [{ id, publicKey, since: new Date(0).toISOString(), until: null, revokedAt: null }];
  return { signer: async () => signer, trusted: async () => trusted };
}

/** What is thrown where something has to be signed or checked, and there is nothing to do it with. */
export function keysMissing(what: string, where: string): AssentError {
  return new AssentError("keys_missing", {
    what,
    where,
    fix: "Make keys with `assent keys generate` and pass keys: await loadKeys(path): those that decide get the folder, graph hosts its public.json alone",
  });
}
