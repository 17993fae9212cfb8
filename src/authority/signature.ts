import { sign as signBytes, verify as verifyBytes, type KeyObject } from "node:crypto";
import type { Signature } from "../model/decision.js";

/**
 * Signatures as DSSE has them (Dead Simple Signing Envelope 1.0.2, https://github.com/secure-systems-lab/dsse): over
 * the payload's exact bytes together with its type, so a signature over one kind of statement is none over another.
 */

/** What a decision's statement is, to a signature. */
export const DECISION_TYPE = "application/vnd.assent.decision.v1+json";

/**
 * Signs bytes with a key that nobody else has: in this process, in a key management service, in hardware.
 *
 * Contract, checked by `signerContract` of `assent/testing`: `sign` gives an Ed25519 signature (RFC 8032, 64 bytes)
 * over exactly the bytes given, by the private half of the public key that verifiers know as `keyId`; it is safe to
 * call concurrently and either signs or rejects.
 */
export interface Signer {
  /** Names the key; a hint for verifiers, never believed. */
  readonly keyId: string;
  /** Signs. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** The bytes that are signed: DSSE's pre-authentication encoding. */
export function preAuthEncoding(type: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head, "utf8"), payload]);
}

/** Signs a decision's statement. */
export async function signStatement(statement: string, signer: Signer): Promise<Signature> {
  const sig = await signer.sign(preAuthEncoding(DECISION_TYPE, Buffer.from(statement, "utf8")));
  return { keyid: signer.keyId, sig: Buffer.from(sig).toString("base64") };
}

/** Whether a signature over a decision's statement is this key's. */
export function isSignedBy(statement: string, { sig }: Signature, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(sig, "base64");
  // One text for one signature: what decodes to the same bytes but reads otherwise is none.
  if (bytes.byteLength !== 64 || bytes.toString("base64") !== sig) return false;
  return verifyBytes(null, preAuthEncoding(DECISION_TYPE, Buffer.from(statement, "utf8")), publicKey, bytes);
}

/** A signer whose private key is in this process. */
export function keySigner(keyId: string, privateKey: KeyObject): Signer {
  return { keyId, sign: async (bytes) => signBytes(null, bytes, privateKey) };
}
