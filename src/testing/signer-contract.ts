import assert from "node:assert/strict";
import { verify, type KeyObject } from "node:crypto";
import type { Signer } from "../authority/signature.js";
import type { ContractRunner } from "./ledger-contract.js";

/** A signer to check, and the public key that others know it by. */
export interface SignerUnderTest {
  signer: Signer;
  publicKey: KeyObject;
  /** The name of `publicKey` among the trusted keys. */
  keyId: string;
}

/**
 * Checks a signer, such as one of yours before a key management service, against the contract of {@link Signer}. All
 * signers of Assent pass it.
 *
 * @example
 * ```ts
 * import { signerContract, type SignerUnderTest } from "assent/testing";
 * import { describe, it } from "vitest";
 *
 * declare function openMySigner(): Promise<SignerUnderTest>;
 *
 * signerContract({ describe, it }, openMySigner);
 * ```
 */
export function signerContract(runner: ContractRunner, makeSigner: () => Promise<SignerUnderTest>): void {
  const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
  runner.describe("signer", () => {
    runner.it("signs exactly the bytes that it is given, with Ed25519", async () => {
      const { signer, publicKey } = await makeSigner();
      for (const text of ["", "a", "a\0b\u00fc", "x".repeat(70_000)]) {
        const signature = await signer.sign(bytes(text));
        assert.equal(signature.byteLength, 64);
        assert.equal(verify(null, bytes(text), publicKey, signature), true);
        assert.equal(verify(null, bytes(`${text}.`), publicKey, signature), false);
      }
    });

    runner.it("is named as its public key is", async () => {
      const { signer, keyId } = await makeSigner();
      assert.equal(signer.keyId, keyId);
    });

    runner.it("signs 16 statements at once, each by itself", async () => {
      const { signer, publicKey } = await makeSigner();
      const texts = Array.from({ length: 16 }, (_, nth) => `statement ${nth}`);
      const signatures = await Promise.all(texts.map((text) => signer.sign(bytes(text))));
      for (const [nth, text] of texts.entries()) {
        const signature = signatures[nth];
        assert.ok(signature !== undefined && verify(null, bytes(text), publicKey, signature), text);
      }
    });

    runner.it("leaves what it was given as it was", async () => {
      const { signer } = await makeSigner();
      const given = bytes("as it was");
      await signer.sign(given);
      assert.deepEqual(given, bytes("as it was"));
    });
  });
}
