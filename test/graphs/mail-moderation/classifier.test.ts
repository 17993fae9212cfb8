import { beforeAll, describe, expect, it } from "vitest";
import { isRight, trainMailClassifier, type MailClassifier } from "../../../graphs/mail-moderation/classifier.js";
import type { Label, Mail } from "../../../graphs/mail-moderation/corpus.js";
import { readMessage } from "../../../graphs/mail-moderation/message.js";

const raw = (sender: string, body: string): Buffer => Buffer.from(`From: <${sender}>\nSubject: hello\n\n${body}\n`);
const mails = (count: number, label: Label, sender: string, body: string): Mail[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${label}-${sender}-${index}`, label, raw: raw(sender, body) }));

const SPAM = "cheap pills online, win money now with cheap pills";
const HAM = "notes attached for the meeting, lunch afterwards";

let classifier: MailClassifier;
const verdictOn = async (sender: string, body: string): Promise<string> =>
  classifier.classify(await readMessage(raw(sender, body))).verdict;

beforeAll(async () => {
  classifier = await trainMailClassifier({
    training: [
      ...mails(3, "spam", "a@spammer.example", SPAM),
      ...mails(1, "spam", "a@once.example", SPAM),
      ...mails(3, "spam", "a@provider.example", SPAM),
      ...mails(1, "ham", "b@provider.example", HAM),
      ...mails(6, "ham", "c@friend.example", HAM),
      ...mails(3, "spam", "no-address", SPAM),
    ],
    // Enough of each that the calibration may be as sure as 99.5 %.
    calibration: [...mails(300, "spam", "x@else.example", SPAM), ...mails(300, "ham", "y@else.example", HAM)],
  });
});

describe("the mail classifier", () => {
  it("delivers ham and quarantines spam", async () => {
    expect(await verdictOn("new@friend.example", HAM)).toBe("deliver");
    expect(await verdictOn("new@nowhere.example", SPAM)).toBe("quarantine");
  });

  it("rejects a sender whose domain is known for spam alone", async () => {
    expect(await verdictOn("b@spammer.example", SPAM)).toBe("reject-sender");
  });

  it("does not reject a sender whose domain sent one spam message only", async () => {
    expect(await verdictOn("a@once.example", SPAM)).toBe("quarantine");
  });

  it("does not reject a sender at a provider that also sent ham", async () => {
    expect(await verdictOn("a@provider.example", SPAM)).toBe("quarantine");
  });

  it("does not reject what is no address", async () => {
    expect(await verdictOn("no-address", SPAM)).toBe("quarantine");
  });

  it("does not reject while it is less than 99.5 % sure", async () => {
    const { label, confidence, verdict } = classifier.classify(
      await readMessage(raw("a@spammer.example", "cheap pills, money and lunch")),
    );
    expect(confidence).toBeLessThan(0.995);
    expect({ label, verdict }).toEqual({ label: "spam", verdict: "quarantine" });
  });
});

describe("isRight", () => {
  it("takes delivering for right about ham, and anything else for right about spam", () => {
    expect(isRight("deliver", "ham")).toBe(true);
    expect(isRight("quarantine", "spam")).toBe(true);
    expect(isRight("reject-sender", "spam")).toBe(true);
    expect(isRight("deliver", "spam")).toBe(false);
    expect(isRight("quarantine", "ham")).toBe(false);
    expect(isRight("reject-sender", "ham")).toBe(false);
  });
});
