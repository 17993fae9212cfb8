import { describe, expect, it } from "vitest";
import { loadCorpus, splitCorpus, type Mail } from "../../../graphs/mail-moderation/corpus.js";

const corpus = loadCorpus();
const parts = splitCorpus(corpus);

const spamShare = (mails: readonly Mail[]): number =>
  mails.filter(({ label }) => label === "spam").length / mails.length;

describe("the corpus", () => {
  it("has 6,046 messages, 1,896 of them spam, with ids that are unique, fit for file names and silent about the label", () => {
    expect(corpus).toHaveLength(6046);
    expect(corpus.filter(({ label }) => label === "spam")).toHaveLength(1896);
    expect(new Set(corpus.map(({ id }) => id)).size).toBe(6046);
    for (const { id } of corpus) expect(id).toMatch(/^sa-[0-9a-f]{12}$/);
  });

  it("gives a message byte for byte, also in charsets of old", () => {
    const korean = corpus.find(({ id }) => id === "sa-7ce3307b56dd");
    expect(new TextDecoder("euc-kr").decode(korean?.raw)).toContain("[광고]");
  });
});

describe("its parts", () => {
  it("hold 500, 500 and the other 5,046 messages, each message once", () => {
    expect(Object.values(parts).map(({ length }: Mail[]) => length)).toEqual([500, 500, 5046]);
    expect(new Set(Object.values(parts).flat()).size).toBe(6046);
  });

  it("hold about as much spam each", () => {
    expect(spamShare(parts.training)).toBeCloseTo(spamShare(corpus), 2);
    expect(spamShare(parts.calibration)).toBeCloseTo(spamShare(corpus), 2);
    expect(spamShare(parts.work)).toBeCloseTo(spamShare(corpus), 2);
  });

  it("are always dealt the same, whatever the order of the corpus", () => {
    const ids = (mails: readonly Mail[]): string[] => mails.map(({ id }) => id);
    expect(ids(parts.work).slice(0, 3)).toMatchInlineSnapshot(`
      [
        "sa-8606961eaeef",
        "sa-03de0c9d7098",
        "sa-a265ac9e0309",
      ]
    `);
    expect(ids(splitCorpus(corpus.toReversed()).work)).toEqual(ids(parts.work));
  });

  it("are mixed, not sorted by label", () => {
    for (const part of Object.values(parts)) {
      expect(spamShare(part.slice(0, 100))).toBeGreaterThan(0.1);
      expect(spamShare(part.slice(0, 100))).toBeLessThan(0.6);
    }
  });
});
