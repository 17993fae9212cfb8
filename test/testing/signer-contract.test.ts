import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { keyIdOf } from "../../src/authority/keys.js";
import { keySigner, type Signer } from "../../src/authority/signature.js";
import { signerContract, type SignerUnderTest } from "../../src/testing/signer-contract.js";
import { testKeys } from "../../src/testing/test-keys.js";

function freshSigner(change: (signer: Signer) => Signer = (signer) => signer): SignerUnderTest {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyId = keyIdOf(publicKey);
  return { signer: change(keySigner(keyId, privateKey)), publicKey, keyId };
}

describe("a key in this process", () => {
  signerContract({ describe, it }, async () => freshSigner());
});

describe("the keys of a test", () => {
  signerContract({ describe, it }, async () => {
    const keys = testKeys();
    const [signer, [trusted]] = await Promise.all([keys.signer(), keys.trusted()]);
    return { signer: signer!, publicKey: trusted!.publicKey, keyId: trusted!.id };
  });

  it("come in two forms: the one that graph hosts have signs nothing, and trusts the same key", async () => {
    const keys = testKeys();
    expect(await keys.publicOnly.signer()).toBeNull();
    expect(await keys.publicOnly.trusted()).toEqual(await keys.trusted());
    expect(await testKeys().trusted()).not.toEqual(await keys.trusted());
  });
});

/** Runs the suite with the least of test runners and gives the titles of what failed. */
async function failures(makeSigner: () => SignerUnderTest): Promise<string[]> {
  const cases: { title: string; body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (title: string, body: () => Promise<void>) => cases.push({ title, body }),
  };
  signerContract(runner, async () => makeSigner());
  expect(cases.length).toBeGreaterThan(3);
  const failed: string[] = [];
  for (const { title, body } of cases) await body().catch(() => failed.push(title));
  return failed;
}

describe("the signer contract", () => {
  it.each<[string, RegExp, (signer: Signer) => Signer]>([
    ["signs something else", /exactly the bytes/, (s) => ({ ...s, sign: () => s.sign(Buffer.from("else")) })],
    [
      "signs only the beginning",
      /exactly the bytes/,
      (s) => ({ ...s, sign: (bytes) => s.sign(bytes.subarray(0, 65_536)) }),
    ],
    ["gives no signature", /exactly the bytes/, (s) => ({ ...s, sign: async () => new Uint8Array(64) })],
    ["goes by another name", /named/, (s) => ({ ...s, keyId: "another" })],
    [
      "mixes up what is asked at once",
      /16 statements/,
      (s) => {
        let last: Uint8Array = Buffer.alloc(0);
        const sign = async (bytes: Uint8Array): Promise<Uint8Array> => {
          last = bytes;
          await Promise.resolve();
          return s.sign(last);
        };
        return { ...s, sign };
      },
    ],
    [
      "changes what it is given",
      /leaves what/,
      (s) => ({ ...s, sign: async (bytes) => (await s.sign(Buffer.from(bytes))) && bytes.fill(0) }),
    ],
  ])("fails a signer that %s", async (_, where, change) => {
    expect(await failures(() => freshSigner(change))).toContainEqual(expect.stringMatching(where));
  });
});
