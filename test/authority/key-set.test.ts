import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AssentError } from "assent";
import {
  listed,
  newKeySet,
  parseKeySet,
  publicPart,
  revoked,
  rotated,
  signerOf,
  trustedKeysOf,
  type KeySet,
} from "../../src/authority/key-set.js";
import { ephemeralKeys, keyIdOf, keysMissing, processKeys } from "../../src/authority/keys.js";
import { isSignedBy, signStatement } from "../../src/authority/signature.js";
import { RFC_8037_KEY, RFC_8037_THUMBPRINT, rfc8037Private, rfc8037Public } from "./rfc8037-key.js";

const monday = "2026-03-30T10:30:00.000Z";
const tuesday = "2026-03-31T10:30:00.000Z";
const friday = "2026-04-03T10:30:00.000Z";

const textOf = (set: unknown): string => JSON.stringify(set);
const idOf = ({ keys }: KeySet, nth: number): string => keys[nth]!.kid;
const states = (set: KeySet): string[] => listed(set).map(({ state }) => state);

/** Whether the set signs, and what it signs counts under its n-th key. */
async function signsWith(set: KeySet, nth: number): Promise<boolean> {
  const signer = signerOf(set);
  if (signer === null) return false;
  const signature = await signStatement("{}", signer);
  const trusted = trustedKeysOf(set)[nth]!;
  return trusted.id === signer.keyId && isSignedBy("{}", signature, trusted.publicKey);
}

describe("a key's name", () => {
  test("is the thumbprint that RFC 8037 publishes for its key (appendix A.3)", () => {
    expect(keyIdOf(rfc8037Public)).toBe(RFC_8037_THUMBPRINT);
  });

  test("comes from the public half alone", () => {
    expect(keyIdOf(createPublicKey(rfc8037Private))).toBe(RFC_8037_THUMBPRINT);
    expect(keyIdOf(generateKeyPairSync("ed25519").publicKey)).not.toBe(RFC_8037_THUMBPRINT);
  });
});

describe("a new set", () => {
  test("has one key that signs from now on, written as a JWK", async () => {
    const set = newKeySet(monday);
    const [key] = set.keys;
    expect(set.keys).toHaveLength(1);
    expect(key).toEqual({
      kty: "OKP",
      crv: "Ed25519",
      use: "sig",
      alg: "EdDSA",
      kid: keyIdOf(createPublicKey({ key: { kty: key!.kty, crv: key!.crv, x: key!.x }, format: "jwk" })),
      x: expect.stringMatching(/^[\w-]{43}$/),
      d: expect.stringMatching(/^[\w-]{43}$/),
      since: monday,
      until: null,
      revokedAt: null,
    });
    expect(listed(set)).toEqual([
      { id: key!.kid, state: "signing", since: monday, until: null, revokedAt: null, isPrivate: true },
    ]);
    expect(await signsWith(set, 0)).toBe(true);
    expect(parseKeySet(textOf(set), "here")).toEqual(set);
  });

  test("never has the key of another", () => {
    expect(idOf(newKeySet(monday), 0)).not.toBe(idOf(newKeySet(monday), 0));
  });
});

describe("rotating", () => {
  test("signs with a new key, and keeps of the old one what checks its signatures", async () => {
    const first = newKeySet(monday);
    const second = rotated(first, tuesday);
    expect(states(second)).toEqual(["retired", "signing"]);
    expect(idOf(second, 0)).toBe(idOf(first, 0));
    expect(trustedKeysOf(second)).toMatchObject([
      { id: idOf(first, 0), since: monday, until: tuesday, revokedAt: null },
      { id: idOf(second, 1), since: tuesday, until: null, revokedAt: null },
    ]);
    expect(await signsWith(second, 1)).toBe(true);
    const { signer, key } = { signer: signerOf(first)!, key: trustedKeysOf(second)[0]! };
    expect(isSignedBy("{}", await signStatement("{}", signer), key.publicKey)).toBe(true);
  });

  test("throws the private half of the old key away, and changes nothing in the set that it was given", () => {
    const first = newKeySet(monday);
    const before = structuredClone(first);
    const second = rotated(first, tuesday);
    expect(listed(second).map(({ isPrivate }) => isPrivate)).toEqual([false, true]);
    expect(textOf(second)).not.toContain(first.keys[0]!.d);
    expect(first).toEqual(before);
  });

  test("again leaves the time at which an older key was retired", () => {
    const third = rotated(rotated(newKeySet(monday), tuesday), friday);
    expect(listed(third).map(({ until }) => until)).toEqual([tuesday, friday, null]);
    expect(parseKeySet(textOf(third), "here")).toEqual(third);
  });
});

describe("revoking", () => {
  test("the key in use: it is revoked and retired, and a new one takes its place", async () => {
    const first = newKeySet(monday);
    const second = revoked(first, idOf(first, 0), tuesday);
    expect(states(second)).toEqual(["revoked", "signing"]);
    expect(second.keys[0]).toMatchObject({ until: tuesday, revokedAt: tuesday });
    expect(second.keys[1]).toMatchObject({ since: tuesday });
    expect(textOf(second)).not.toContain(first.keys[0]!.d);
    expect(await signsWith(second, 1)).toBe(true);
    expect(parseKeySet(textOf(second), "here")).toEqual(second);
  });

  test("a retired key: the one in use goes on signing", async () => {
    const set = rotated(newKeySet(monday), tuesday);
    const after = revoked(set, idOf(set, 0), friday);
    expect(states(after)).toEqual(["revoked", "signing"]);
    expect(after.keys[0]).toMatchObject({ until: tuesday, revokedAt: friday });
    expect(after.keys[1]).toEqual(set.keys[1]);
    expect(await signsWith(after, 1)).toBe(true);
  });

  test("twice: the first time stands, and no further key is made", () => {
    const first = newKeySet(monday);
    const once = revoked(first, idOf(first, 0), tuesday);
    expect(revoked(once, idOf(first, 0), friday)).toEqual(once);
  });

  test("in a set without private halves: no private half comes up but that of a key that is new", () => {
    const set = publicPart(rotated(newKeySet(monday), tuesday));
    const after = revoked(set, idOf(set, 0), friday);
    expect(after.keys.every((key) => !("d" in key))).toBe(true);
    expect(after.keys[1]).toEqual(set.keys[1]);
  });

  test("a key that is not there", () => {
    expect(() => revoked(newKeySet(monday), "nobody's", tuesday)).toThrow(
      expect.objectContaining({
        code: "key_unknown",
        message: expect.stringContaining("There is no such key (at key id)"),
        seen: "nobody's",
        fix: expect.stringContaining("keys list"),
      }),
    );
  });

  test("keeps a revoked key revoked through rotations", () => {
    const first = newKeySet(monday);
    const after = rotated(revoked(first, idOf(first, 0), tuesday), friday);
    expect(states(after)).toEqual(["revoked", "retired", "signing"]);
    expect(after.keys[0]).toMatchObject({ until: tuesday, revokedAt: tuesday });
  });
});

describe("the public part", () => {
  test("checks what the whole set signs, and signs nothing", async () => {
    const set = rotated(newKeySet(monday), tuesday);
    const shared = publicPart(set);
    expect(shared.keys.map((key) => "d" in key)).toEqual([false, false]);
    expect(textOf(shared)).not.toContain(set.keys[1]!.d);
    expect(signerOf(shared)).toBeNull();
    expect(listed(shared).map(({ isPrivate }) => isPrivate)).toEqual([false, false]);
    const [, inUse] = trustedKeysOf(shared);
    expect(isSignedBy("{}", await signStatement("{}", signerOf(set)!), inUse!.publicKey)).toBe(true);
    expect(parseKeySet(textOf(shared), "here")).toEqual(shared);
  });
});

describe("a set without a key in use", () => {
  test("checks and signs nothing, even if a private half was left in it", () => {
    const set = newKeySet(monday);
    set.keys[0]!.until = tuesday;
    expect(signerOf(parseKeySet(textOf(set), "here"))).toBeNull();
    expect(states(set)).toEqual(["retired"]);
  });
});

describe("a damaged key file is refused, without a word of the key", () => {
  const good = rotated(newKeySet(monday), tuesday);
  const other = newKeySet(monday);
  const changed = (nth: number, over: Record<string, unknown>): string =>
    textOf({ keys: good.keys.map((key, at) => (at === nth ? { ...key, ...over } : key)) });
  const without = (name: string): string => {
    const { [name]: _, ...rest } = good.keys[1]! as Record<string, unknown>;
    return textOf({ keys: [rest] });
  };
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const { kid } = good.keys[1]!;

  const damaged: Record<string, [text: string, said: string]> = {
    nothing: ["", "it is not JSON"],
    "half a file": [textOf(good).slice(0, -20), "it is not JSON"],
    "a list": ["[]", "it is not what a key file has there"],
    "no keys": ['{"keys":[]}', "keys is not what"],
    "a member that it does not know": [textOf({ ...good, extra: 1 }), "it is not what"],
    "a key's member that it does not know": [changed(1, { key_ops: ["sign"] }), "keys.1 is not what"],
    "another kind of key": [changed(1, { kty: "EC" }), "keys.1.kty is not what"],
    "another curve": [changed(1, { crv: "X25519" }), "keys.1.crv is not what"],
    "another use": [changed(1, { use: "enc" }), "keys.1.use is not what"],
    "another algorithm": [changed(1, { alg: "ES256" }), "keys.1.alg is not what"],
    "no name": [without("kid"), "keys.0.kid is not what"],
    "no public half": [without("x"), "keys.0.x is not what"],
    "no start": [without("since"), "keys.0.since is not what"],
    "no end": [without("until"), "keys.0.until is not what"],
    "no word on revocation": [without("revokedAt"), "keys.0.revokedAt is not what"],
    "a private half that is null": [changed(1, { d: null }), "keys.1.d is not what"],
    "a start that is no time": [changed(1, { since: "monday" }), "keys.1.since is not what"],
    "an end in another zone": [changed(0, { until: "2026-03-31T10:30:00.000+02:00" }), "keys.0.until is not what"],
    "a start without milliseconds": [changed(1, { since: "2026-03-31T10:30:00Z" }), "keys.1.since is not what"],
    "another key's name": [changed(1, { kid: other.keys[0]!.kid }), "has another thumbprint than its name says"],
    "another key's public half": [changed(1, { x: other.keys[0]!.x }), "has another thumbprint than its name says"],
    "another curve's public half": [changed(1, { x: ec.x?.slice(0, 20) }), `key ${kid} is no Ed25519 key`],
    "an empty public half": [changed(1, { x: "" }), `key ${kid} is no Ed25519 key`],
    "another key's private half": [
      changed(1, { d: other.keys[0]!.d }),
      `the private half of key ${kid} is not its own`,
    ],
    "half of a private half": [changed(1, { d: good.keys[1]!.d!.slice(0, 20) }), `the private half of key ${kid}`],
    "an empty private half": [changed(1, { d: "" }), `the private half of key ${kid} is not its own`],
    "two keys in use": [changed(0, { until: null }), "more than one key is in use"],
    "a revoked key in use": [changed(1, { revokedAt: friday }), `key ${kid} is revoked and still in use`],
    "one key twice": [textOf({ keys: [{ ...good.keys[0]!, revokedAt: friday }, ...good.keys] }), "is there twice"],
  };

  test.each(Object.entries(damaged))("%s", (_, [text, said]) => {
    let thrown: unknown;
    try {
      parseKeySet(text, "/keys/signing.json");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "keys_invalid",
      where: "/keys/signing.json",
      message: expect.stringContaining(`The key file cannot be used: `),
      fix: expect.stringContaining("assent keys generate"),
    });
    const error = thrown as AssentError;
    expect(error.message).toContain(said);
    expect(error.cause).toBeUndefined();
    const shown = [error.message, error.stack, JSON.stringify(error), String(error.seen)].join("\n");
    for (const set of [good, other]) expect(shown).not.toContain(set.keys.at(-1)!.d);
  });

  test("by any one character of its keys: refused, or a set that signs nothing else", () => {
    const text = textOf(good);
    const intact = parseKeySet(text, "here");
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom("a", "Z", "0", "9", "_", "-", '"', " ", "{", "}"),
        (at, letter) => {
          fc.pre(text[at] !== letter);
          let set: KeySet;
          try {
            set = parseKeySet(text.slice(0, at) + letter + text.slice(at + 1), "here");
          } catch (error) {
            expect(error).toMatchObject({ code: "keys_invalid" });
            return;
          }
          const names = ({ keys }: KeySet): string[] => keys.map(({ kid }) => kid);
          expect(names(set)).toEqual(names(intact));
          const publicHalves = (set: KeySet): unknown[] =>
            trustedKeysOf(set).map(({ publicKey }) => publicKey.export({ format: "jwk" }).x);
          expect(publicHalves(set)).toEqual(publicHalves(intact));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("keys without a file", () => {
  test("of this process are the same whenever they are asked for", async () => {
    expect(processKeys()).toBe(processKeys());
    const [trusted] = await processKeys().trusted();
    expect((await processKeys().signer())?.keyId).toBe(trusted?.id);
  });

  test("that nothing keeps are new each time, count from ever on, and sign what they check", async () => {
    const [one, other] = [ephemeralKeys(), ephemeralKeys()];
    const [[key], signer] = await Promise.all([one.trusted(), one.signer()]);
    expect(key).toMatchObject({ since: "1970-01-01T00:00:00.000Z", until: null, revokedAt: null });
    expect(key!.id).toBe(keyIdOf(key!.publicKey));
    const bytes = Buffer.from("x");
    expect(verify(null, bytes, key!.publicKey, await signer!.sign(bytes))).toBe(true);
    expect((await other.trusted())[0]!.id).not.toBe(key!.id);
  });

  test("the key of the RFC makes a set like any other", async () => {
    const entry = { ...RFC_8037_KEY, use: "sig", alg: "EdDSA", kid: RFC_8037_THUMBPRINT };
    const set = parseKeySet(textOf({ keys: [{ ...entry, since: monday, until: null, revokedAt: null }] }), "here");
    expect(await signsWith(set, 0)).toBe(true);
  });

  test("where there have to be some: what is missing is told, and how to make it", () => {
    expect(keysMissing("Nothing can be decided here", "keys")).toMatchObject({
      code: "keys_missing",
      where: "keys",
      message: expect.stringContaining("Nothing can be decided here"),
      fix: expect.stringMatching(/`assent keys generate`.*loadKeys\(path\).*public\.json/),
    });
  });
});
