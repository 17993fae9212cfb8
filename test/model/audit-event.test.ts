import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AuditEvent, GENESIS_HASH, auditEntry, linkHash } from "../../src/model/audit-event.js";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

describe("an entry of the audit log", () => {
  test("is the canonical text of its event: however it was put together, the bytes are the same", () => {
    const event = {
      kind: "decided",
      at: "2026-01-01T00:00:00.000Z",
      proposal: "pr_1",
      data: { b: 1, a: "ä" },
    } as const;
    const text = '{"at":"2026-01-01T00:00:00.000Z","data":{"a":"ä","b":1},"kind":"decided","proposal":"pr_1","v":1}';
    expect(auditEntry(event)).toBe(text);
    expect(auditEntry({ data: { a: "ä", b: 1 }, proposal: "pr_1", at: event.at, kind: "decided" })).toBe(text);
    expect(AuditEvent.parse(JSON.parse(text))).toEqual({ v: 1, ...event });
  });

  test("of another version, of an unknown kind or with more than it may hold is not read", () => {
    const event = { v: 1, kind: "decided", at: "t", proposal: "pr_1", data: {} };
    for (const over of [{ v: 2 }, { kind: "guessed" }, { more: 1 }, { data: { x: undefined } }, { proposal: 1 }]) {
      expect(AuditEvent.safeParse({ ...event, ...over }).success, JSON.stringify(over)).toBe(false);
    }
  });
});

describe("the link of an entry to all before it", () => {
  test("is the hash over the previous hash's bytes and the entry's hash", () => {
    const first = sha256(Buffer.concat([Buffer.alloc(32), sha256(Buffer.from("one", "utf8"))]));
    expect(linkHash(GENESIS_HASH, "one")).toBe(first.toString("hex"));
    const second = sha256(Buffer.concat([first, sha256(Buffer.from("zwei ä", "utf8"))]));
    expect(linkHash(first.toString("hex"), "zwei ä")).toBe(second.toString("hex"));
  });

  test("changes with every byte of the entry and with every entry before it", () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    fc.assert(
      fc.property(hash, hash, fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (h1, h2, e1, e2) => {
        const same = h1 === h2 && e1 === e2;
        expect(linkHash(h1, e1) === linkHash(h2, e2)).toBe(same);
        expect(linkHash(h1, e1)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });
});
