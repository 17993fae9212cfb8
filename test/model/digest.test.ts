import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digest, digestText } from "../../src/model/digest.js";

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

describe("a digest", () => {
  it("of a value is SHA-256 over the UTF-8 bytes of its canonical form", () => {
    // {"a":"é€😀","b":[1,null]}
    const bytes = Buffer.from("7b2261223a22c3a9e282acf09f9880222c2262223a5b312c6e756c6c5d7d", "hex");
    expect(digest({ b: [1.0, null], a: "é€😀" })).toBe(sha256(bytes));
  });

  it("of the empty object is the known one", () => {
    expect(digest({})).toBe("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });

  it("does not depend on the order of keys, but on the order of items", () => {
    expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }));
    expect(digest([1, 2])).not.toBe(digest([2, 1]));
  });

  it("of a text is SHA-256 over its UTF-8 bytes, without quotes", () => {
    expect(digestText("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(digestText("é")).toBe(sha256(new Uint8Array([0xc3, 0xa9])));
    expect(digest("abc")).toBe(digestText('"abc"'));
  });

  it("refuses what has no canonical form, within the given limit", () => {
    expect(() => digest({ at: new Date() })).toThrow(expect.objectContaining({ code: "json_invalid", where: "$.at" }));
    expect(() => digest("long", { maxBytes: 5 })).toThrow(expect.objectContaining({ code: "json_too_large" }));
  });
});
