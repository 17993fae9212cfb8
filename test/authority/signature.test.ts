import { generateKeyPairSync, sign, verify } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DECISION_TYPE, isSignedBy, keySigner, preAuthEncoding, signStatement } from "../../src/authority/signature.js";
import { rfc8037Private, rfc8037Public } from "./rfc8037-key.js";

const signer = keySigner("a-key", rfc8037Private);
const STATEMENT = '{"said":"approve — 10 €"}';
const signature = await signStatement(STATEMENT, signer);

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

describe("what is signed", () => {
  test("is encoded as the DSSE specification's own example", () => {
    expect(Buffer.from(preAuthEncoding("http://example.com/HelloWorld", utf8("hello world"))).toString("utf8")).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  test("counts bytes, not characters, and keeps a payload that is no text", () => {
    expect(Buffer.from(preAuthEncoding("ü", utf8("€"))).toString("utf8")).toBe("DSSEv1 2 ü 3 €");
    const payload = Uint8Array.of(0, 255, 32, 10);
    expect(Buffer.from(preAuthEncoding("t", payload))).toEqual(Buffer.concat([utf8("DSSEv1 1 t 4 "), payload]));
    expect(Buffer.from(preAuthEncoding("", new Uint8Array())).toString("utf8")).toBe("DSSEv1 0  0 ");
  });

  test("is never the same for two pairs of type and payload, wherever the spaces are", () => {
    const part = fc.string({ unit: fc.constantFrom(" ", "1", "a", "DSSEv1"), maxLength: 6 });
    fc.assert(
      fc.property(part, part, part, part, (type, payload, otherType, otherPayload) => {
        fc.pre(type !== otherType || payload !== otherPayload);
        expect(preAuthEncoding(type, utf8(payload))).not.toEqual(preAuthEncoding(otherType, utf8(otherPayload)));
      }),
      { numRuns: 500 },
    );
  });

  test("is the statement's bytes under the type of a decision, and nothing else", () => {
    expect(DECISION_TYPE).toBe("application/vnd.assent.decision.v1+json");
    const bytes = Buffer.from(signature.sig, "base64");
    const signedBytes = `DSSEv1 39 application/vnd.assent.decision.v1+json ${utf8(STATEMENT).length} ${STATEMENT}`;
    expect(verify(null, utf8(signedBytes), rfc8037Public, bytes)).toBe(true);
  });
});

describe("signing with a key of this process", () => {
  test("gives the signature that RFC 8032 publishes (section 7.1, test 1)", async () => {
    expect(Buffer.from(await signer.sign(new Uint8Array())).toString("hex")).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
  });

  test("gives the signature that RFC 8037 publishes (appendix A.4)", async () => {
    const input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    expect(Buffer.from(await signer.sign(utf8(input))).toString("base64url")).toBe(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
  });

  test("names its key and writes plain base64, 88 characters of it", async () => {
    expect(signer.keyId).toBe("a-key");
    expect(signature).toEqual({ keyid: "a-key", sig: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/) });
    expect(isSignedBy(STATEMENT, signature, rfc8037Public)).toBe(true);
  });

  test("rejects where the signer does, and makes no signature up", async () => {
    const away = { keyId: "hsm", sign: () => Promise.reject(new Error("the key service is away")) };
    await expect(signStatement(STATEMENT, away)).rejects.toThrow("the key service is away");
  });
});

describe("a signature is refused", () => {
  const counts = (sig: string, statement = STATEMENT, key = rfc8037Public): boolean =>
    isSignedBy(statement, { keyid: "a-key", sig }, key);

  test("over any other statement, one character off", () => {
    fc.assert(
      fc.property(fc.nat(STATEMENT.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        fc.pre(STATEMENT[at] !== other);
        expect(counts(signature.sig, STATEMENT.slice(0, at) + other + STATEMENT.slice(at + 1))).toBe(false);
      }),
      { numRuns: 200 },
    );
    for (const other of ["", `${STATEMENT} `, ` ${STATEMENT}`, `${STATEMENT}\n`])
      expect(counts(signature.sig, other)).toBe(false);
  });

  test("with any bit of it turned", () => {
    for (let bit = 0; bit < 64 * 8; bit += 1) {
      const bytes = Buffer.from(signature.sig, "base64");
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      expect(counts(bytes.toString("base64"))).toBe(false);
    }
  });

  test("of another key, whatever it says that it is of", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    expect(counts(signature.sig, STATEMENT, publicKey)).toBe(false);
  });

  test("over the same bytes as another kind of statement, or as no kind at all", () => {
    const types = ["application/vnd.assent.checkpoint.v1+json", DECISION_TYPE.toUpperCase(), ""];
    for (const type of types) {
      expect(counts(sign(null, preAuthEncoding(type, utf8(STATEMENT)), rfc8037Private).toString("base64"))).toBe(false);
    }
    expect(counts(sign(null, utf8(STATEMENT), rfc8037Private).toString("base64"))).toBe(false);
  });

  test("made anew out of a good one, by adding the group's order to its second half", () => {
    const bytes = Buffer.from(signature.sig, "base64");
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let sum = BigInt(`0x${Buffer.from(bytes.subarray(32).toReversed()).toString("hex")}`) + order;
    for (let at = 32; at < 64; at += 1, sum >>= 8n) bytes[at] = Number(sum & 255n);
    expect(sum).toBe(0n);
    expect(counts(bytes.toString("base64"))).toBe(false);
  });

  // The same 64 bytes to a lenient reader; one signature has one text.
  const { sig } = signature;
  const bytes = Buffer.from(sig, "base64");
  const lastOfTheData = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const rewritten: Record<string, string> = {
    "without its padding": sig.replace(/=+$/, ""),
    "with half of its padding": sig.slice(0, -1),
    "with more padding": `${sig}=`,
    "with a space before it": ` ${sig}`,
    "with a line break behind it": `${sig}\n`,
    "broken into lines": `${sig.slice(0, 44)}\n${sig.slice(44)}`,
    "with a character that is none of base64": `${sig.slice(0, 40)}!${sig.slice(40)}`,
    "with bits that no byte needs": `${sig.slice(0, 85)}${lastOfTheData[lastOfTheData.indexOf(sig[85]!) + 1]}==`,
    "with something behind the padding": `${sig}AAAA`,
    "in hex": bytes.toString("hex"),
  };
  test.each(Object.entries(rewritten))("written %s", (_, text) => {
    expect(text).not.toBe(sig);
    expect(counts(text)).toBe(false);
  });

  test("written with the letters for addresses", async () => {
    // Not every signature has a letter in which the two alphabets differ.
    for (let nth = 0; ; nth += 1) {
      const other = await signStatement(`${nth}`, signer);
      const forAddresses = other.sig.replaceAll("+", "-").replaceAll("/", "_");
      if (forAddresses === other.sig) continue;
      expect(isSignedBy(`${nth}`, other, rfc8037Public)).toBe(true);
      expect(counts(forAddresses, `${nth}`)).toBe(false);
      return;
    }
  });

  test.each([0, 1, 32, 63, 65, 128])("of %d bytes", (length) => {
    expect(counts(Buffer.concat([bytes, bytes]).subarray(0, length).toString("base64"))).toBe(false);
  });

  test("that is nothing but zeros", () => {
    expect(counts(Buffer.alloc(64).toString("base64"))).toBe(false);
  });

  test("by a key of another kind, as long as one of ours", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    const made = sign("sha256", preAuthEncoding(DECISION_TYPE, utf8(STATEMENT)), key);
    expect(made.byteLength).toBe(64);
    expect(counts(made.toString("base64"))).toBe(false);
  });
});

test("any statement is signed, and that signature counts for it and no other", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), async (statement, other) => {
      const made = await signStatement(statement, signer);
      expect(isSignedBy(statement, made, rfc8037Public)).toBe(true);
      expect(isSignedBy(other, made, rfc8037Public)).toBe(other === statement);
    }),
    { numRuns: 100 },
  );
});
