import { beforeAll, describe, expect, it } from "vitest";
import {
  trainMailClassifier,
  type Classification,
  type MailClassifier,
} from "../../../graphs/mail-moderation/classifier.js";
import { loadCorpus, splitCorpus, type Mail } from "../../../graphs/mail-moderation/corpus.js";
import { readMessage, type Message } from "../../../graphs/mail-moderation/message.js";
import { REPEATED } from "../../../graphs/mail-moderation/repeats.js";

interface Read {
  mail: Mail;
  message: Message;
}

interface Judged extends Read {
  classification: Classification;
}

const corpus = loadCorpus();
const parts = splitCorpus(corpus);
let classifier: MailClassifier;
/** Every message; read once for all tests, as that takes seconds. */
let everything: Read[];
/** The work part, which the classifier has never seen. */
let judged: Judged[];

beforeAll(async () => {
  everything = [];
  for (const mail of corpus) everything.push({ mail, message: await readMessage(mail.raw) });
  classifier = await trainMailClassifier(parts);
  const work = new Set(parts.work);
  judged = everything
    .filter(({ mail }) => work.has(mail))
    .map((read) => ({ ...read, classification: classifier.classify(read.message) }));
}, 180_000);

describe("every message of the corpus", () => {
  it("can be read", () => {
    expect(everything.filter(({ message }) => !isWhole(message)).map(({ mail }) => mail.id)).toEqual([]);
    expect(everything.filter(({ message }) => message.sender === "")).toHaveLength(2);
    expect(everything.filter(({ message }) => Number.isNaN(Date.parse(message.date))).length).toBeLessThan(30);
  });

  it("says something that no message of another part says", () => {
    const texts = new Map<string, Mail[]>();
    for (const { mail, message } of everything) {
      const text = message.body.toLowerCase().replace(/\s+/g, " ");
      if (text !== "") texts.set(text, [...(texts.get(text) ?? []), mail]);
    }
    const groups = [...texts.values()].filter(({ length }) => length > 1);
    expect(groups).toHaveLength(204);
    expect(
      groups
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([...REPEATED].toSorted());
    const work = new Set(parts.work);
    expect(groups.flat().filter((mail) => !work.has(mail))).toEqual([]);
  });
});

describe("the mail classifier, on the 5,046 messages it has never seen", () => {
  it("is right about at least 96 of 100, and about at least 98.5 of 100 where it is more than 90 % sure", () => {
    const bands = { all: judged, "> 0.9": band(0.9, 1), "0.7 to 0.9": band(0.7, 0.9), "< 0.7": band(0, 0.7) };
    for (const [name, some] of Object.entries(bands)) {
      const share = percent(some.length / judged.length);
      const [error, confidence] = [percent(errorOf(some)), percent(meanConfidence(some))];
      console.log(`${name}: ${some.length} messages, ${share}, error ${error}, mean confidence ${confidence}`);
    }
    expect(judged).toHaveLength(5046);
    expect(errorOf(judged)).toBeLessThanOrEqual(0.04);
    expect(errorOf(band(0.9, 1))).toBeLessThanOrEqual(0.015);
    expect(band(0.9, 1).length / judged.length).toBeGreaterThan(0.85);
  });

  it.each([
    [0.5, 0.7, 0.12],
    [0.7, 0.9, 0.06],
    [0.9, 1, 0.02],
  ])("is as often right as it says, between %f and %f", (above, upTo, tolerance) => {
    const some = band(above, upTo);
    expect(some.length).toBeGreaterThan(50);
    expect(Math.abs(1 - errorOf(some) - meanConfidence(some))).toBeLessThan(tolerance);
  });

  it("gives a verdict that fits the label, a confidence from 0.5 to 1, and one to eight words", () => {
    for (const { classification } of judged) {
      const { label, verdict, confidence, words } = classification;
      expect(verdict === "deliver").toBe(label === "ham");
      expect(confidence).toBeGreaterThanOrEqual(0.5);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(words.length).toBeGreaterThanOrEqual(1);
      expect(words.length).toBeLessThanOrEqual(8);
    }
  });

  it("rejects the senders of a small share of messages, hardly ever of ham, and only where there is one", () => {
    const rejected = judged.filter(({ classification }) => classification.verdict === "reject-sender");
    const ham = rejected.filter(({ mail }) => mail.label === "ham");
    console.log(`reject-sender: ${rejected.length}, ${percent(rejected.length / judged.length)}, ${ham.length} ham`);
    expect(rejected.length / judged.length).toBeGreaterThan(0.02);
    expect(rejected.length / judged.length).toBeLessThan(0.06);
    expect(ham.length).toBeLessThanOrEqual(2);
    for (const { message, classification } of rejected) {
      expect(message.sender).toMatch(/^\S+@\S+$/);
      expect(classification.confidence).toBeGreaterThan(0.995);
    }
  });

  it("spares senders at a provider that also sent ham", () => {
    const spam = judged.filter(
      ({ message, classification }) => classification.label === "spam" && message.sender.endsWith("@hotmail.com"),
    );
    expect(spam.length).toBeGreaterThan(20);
    for (const { classification } of spam) expect(classification.verdict).toBe("quarantine");
  });

  it("gives the same classifications when trained again", async () => {
    const again = await trainMailClassifier(splitCorpus(loadCorpus()));
    for (const { message, classification } of judged) expect(again.classify(message)).toEqual(classification);
  });
});

/** Texts that Postgres and canonical JSON can hold, headers on one line, and something to show. */
function isWhole({ from, sender, subject, date, body, attachments }: Message): boolean {
  const lines = [from, sender, subject, date, ...attachments];
  return (
    lines.every((line) => !/[\p{Cc}\p{Cs}]/u.test(line)) &&
    !/\s/.test(sender) &&
    !/(?![\n\t])[\p{Cc}\p{Cs}]/u.test(body) &&
    (body !== "" || attachments.length > 0)
  );
}

function band(above: number, upTo: number): Judged[] {
  return judged.filter(({ classification: { confidence } }) => confidence > above && confidence <= upTo);
}

function errorOf(some: readonly Judged[]): number {
  return some.filter(({ mail, classification }) => classification.label !== mail.label).length / some.length;
}

function meanConfidence(some: readonly Judged[]): number {
  return some.reduce((sum, { classification }) => sum + classification.confidence, 0) / some.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
