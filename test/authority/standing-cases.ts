import { generateKeyPairSync } from "node:crypto";
import { memoryLedger, type Case, type Decision } from "assent";
import type { TrustedKey } from "../../src/authority/keys.js";
import { keyIdOf } from "../../src/authority/keys.js";
import { keySigner, signStatement, type Signer } from "../../src/authority/signature.js";
import { canonicalJson } from "../../src/model/canonical-json.js";
import type { DecisionStatement } from "../../src/model/decision.js";
import {
  asked,
  decided,
  moment,
  type DecideOptions,
  type DraftOptions,
} from "../../src/testing/ledger-contract/specimens.js";

/** A key that is trusted, and what signs with it. */
export interface TestKey {
  signer: Signer;
  trusted: TrustedKey;
}

/** A new key, in use since long ago unless said. */
export function newKey(over: Partial<TrustedKey> = {}): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const id = keyIdOf(publicKey);
  const since = moment(-86_400);
  return {
    signer: keySigner(id, privateKey),
    trusted: { id, publicKey, since, until: null, revokedAt: null, ...over },
  };
}

export type Deciding = DraftOptions & DecideOptions & { verdict?: "approve" | "modify" };

/** A case whose current round somebody approved, or made, with a decision that `key` signed. */
export async function standing(key: TestKey, { verdict = "approve", ...options }: Deciding = {}): Promise<Case> {
  const { args, ...draft } = options;
  const ledger = memoryLedger();
  const waiting = await asked(ledger, verdict === "approve" && args !== undefined ? { ...draft, args } : draft);
  const held = await decided(ledger, waiting, verdict, options);
  for (const decision of held.decisions) await sign(decision, key);
  return held;
}

export const statementOf = ({ statement }: Decision): DecisionStatement => JSON.parse(statement) as DecisionStatement;

/** Signs a decision anew, whatever stands in it now. */
export async function sign(decision: Decision, { signer }: TestKey): Promise<void> {
  decision.signatures = [await signStatement(decision.statement, signer)];
}

/** Puts other words into a decision's statement, and signs that. */
export async function restate(decision: Decision, key: TestKey, over: Record<string, unknown>): Promise<void> {
  decision.statement = canonicalJson({ ...statementOf(decision), ...over });
  await sign(decision, key);
}
