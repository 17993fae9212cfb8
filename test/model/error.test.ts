import { describe, expect, test } from "vitest";
import { AssentError, shown } from "../../src/model/error.js";
import { ERROR_CODES } from "../../src/model/error-codes.js";

describe("an error", () => {
  test("says in one sentence what, where, what was seen and what to do", () => {
    const error = new AssentError("args_invalid", {
      what: "It does not fit",
      where: "args.to",
      seen: 5,
      fix: "Use a text",
    });
    expect(error.message).toBe("It does not fit (at args.to); seen: 5. Use a text");
    expect(error).toMatchObject({ code: "args_invalid", httpStatus: 422, retryable: false, name: "AssentError" });
    expect(new AssentError("usage", { what: "Only this" }).message).toBe("Only this");
  });

  test("has one stop where what happened brings its own", () => {
    const message = (detail: object): string => new AssentError("usage", { what: "It is gone.", ...detail }).message;
    expect(message({})).toBe("It is gone.");
    expect(message({ where: "a.ts" })).toBe("It is gone (at a.ts)");
    expect(message({ fix: "Name it" })).toBe("It is gone. Name it");
    expect(message({ what: "It goes on...", fix: "Name it" })).toBe("It goes on... Name it");
  });

  test("keeps what lies underneath, and has none where there is none", () => {
    const cause = new Error("below");
    expect(new AssentError("ledger_unavailable", { what: "x", cause }).cause).toBe(cause);
    expect("cause" in new AssentError("usage", { what: "x" })).toBe(false);
  });

  test("is known by its brand, also from another copy of the package, and not by its looks", () => {
    const error = new AssentError("usage", { what: "x" });
    class Copy extends Error {
      readonly code = "usage";
    }
    const foreign = Object.defineProperty(new Copy("x"), Symbol.for("assent.error"), { value: true });
    expect(AssentError.isInstance(error)).toBe(true);
    expect(AssentError.isInstance(error, "usage")).toBe(true);
    expect(AssentError.isInstance(error, "claim_held")).toBe(false);
    expect(AssentError.isInstance(foreign, "usage")).toBe(true);
    for (const other of [null, undefined, "usage", new Error("x"), { code: "usage" }, new Copy("x")]) {
      expect(AssentError.isInstance(other)).toBe(false);
    }
  });

  test("every code has a status that HTTP knows and a title, and what may be tried again is no fault of the caller", () => {
    for (const [code, { http, retryable, title }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect([400, 401, 403, 404, 409, 413, 422, 500, 502, 503]).toContain(http);
      expect(title).toMatch(/^[A-Z]/);
      if (retryable) expect([409, 502, 503]).toContain(http);
      if (http === 503) expect(retryable).toBe(true);
    }
  });
});

describe("a value in a message", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const hostile = {
    toJSON() {
      throw new Error("not me");
    },
  };

  test.each([
    ["a text", "x\ny", String.raw`"x\ny"`],
    ["nothing", undefined, "undefined"],
    ["a bigint", 1n, "bigint"],
    ["a cycle", cyclic, "object"],
    ["an object that throws", hostile, "object"],
    ["a function", () => 1, "() => 1"],
    ["a list", [1, null], "[1,null]"],
  ])("%s", (_, value, text) => {
    expect(shown(value)).toBe(text);
  });

  test("is short, however long the value is", () => {
    expect(shown("x".repeat(1_000))).toHaveLength(120);
    expect(shown(Array.from({ length: 1_000 }, () => 1)).endsWith("...")).toBe(true);
  });

  test("never ends in half a character", () => {
    for (let before = 100; before < 130; before += 1) {
      const text = shown(`${"x".repeat(before)}${"😀".repeat(20)}`);
      expect(text, String(before)).not.toMatch(/\p{Surrogate}/u);
    }
  });

  test("shows a proxy that throws at every touch without throwing", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(typeof shown(proxy)).toBe("string");
  });
});
