import { describe, expect, it } from "vitest";
import type { Label } from "../../../graphs/mail-moderation/corpus.js";
import type { Message } from "../../../graphs/mail-moderation/message.js";
import {
  trainWordClassifier,
  wordsOf,
  type LabelledMessage,
  type WordClassifier,
} from "../../../graphs/mail-moderation/word-classifier.js";

const message = (body: string): Message => ({ from: "", sender: "", subject: "", date: "", body, attachments: [] });
const labelled = (label: Label, ...bodies: string[]): LabelledMessage[] =>
  bodies.map((body) => ({ message: message(body), label }));

const EXAMPLES = [
  ...labelled("spam", "cheap pills online", "win money online", "cheap money now", "win cheap pills"),
  ...labelled("ham", "meeting notes attached", "lunch after the meeting", "patch notes attached", "lunch now maybe"),
];

const trained = (extra: LabelledMessage[] = []): WordClassifier =>
  trainWordClassifier({ training: [...EXAMPLES, ...extra], calibration: EXAMPLES });

describe("the word classifier", () => {
  it("tells spam from ham and names the words that say so", () => {
    const spam = trained().read(message("cheap pills at the meeting"));
    expect(spam.label).toBe("spam");
    expect(spam.words).toContainEqual({ word: "cheap", weight: expect.any(Number), leans: "spam" });
    expect(spam.words).toContainEqual({ word: "meeting", weight: expect.any(Number), leans: "ham" });
    expect(trained().read(message("notes from lunch")).label).toBe("ham");
  });

  it("weighs words from the model's own counts, heaviest first", () => {
    const { words } = trained().read(message("now cheap pills"));
    // "cheap" was in three spam messages and "pills" in two, neither in ham; "now" was once in each.
    expect(words.map(({ word }) => word)).toEqual(["cheap", "pills", "now"]);
    const odds = (spam: number, ham: number): number => Math.log((spam + 0.3) / (ham + 0.3));
    const [cheap, pills, now] = words.map(({ weight, leans }) => (leans === "spam" ? weight : -weight));
    // Both also hold what the different sizes of the two labels add; it falls out of the differences.
    expect((cheap! - now!) / (pills! - now!)).toBeCloseTo(odds(3, 0) / odds(2, 0), 10);
  });

  it("has weights that add up to the verdict", () => {
    const classifier = trained();
    const logOdds = (body: string): number => {
      const { label, confidence } = classifier.read(message(body));
      return Math.log(confidence / (1 - confidence)) * (label === "spam" ? 1 : -1);
    };
    const sum = (body: string): number =>
      classifier
        .read(message(body))
        .words.reduce((total, { weight, leans }) => total + (leans === "spam" ? weight : -weight), 0);
    // What is left is the same for messages of the same length: the share of spam among the training messages.
    expect(logOdds("cheap money lunch") - sum("cheap money lunch")).toBeCloseTo(
      logOdds("meeting notes pills") - sum("meeting notes pills"),
      10,
    );
  });

  it("gives at most eight words, and none for a message without known words", () => {
    const long = EXAMPLES.map(({ message }) => message.body).join(" ");
    expect(trained().read(message(long)).words).toHaveLength(8);
    expect(trained().read(message("quidditch zyzzyva")).words).toEqual([]);
    expect(trained().read(message("")).confidence).toBeGreaterThanOrEqual(0.5);
  });

  it("gives the same reading for the same message, whenever it was trained", () => {
    const body = message("cheap lunch online, win notes");
    expect(trained().read(body)).toEqual(trained().read(body));
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "__defineGetter__", "valueOf"])(
    "takes %s for a word like any other",
    (word) => {
      const unseen = trained().read(message(`cheap ${word}`));
      expect(unseen.words.map(({ word }) => word)).toEqual(["cheap"]);
      expect(unseen.confidence).toBeGreaterThan(0.5);

      const learnt = trained(labelled("spam", `${word} alpha`, `${word} beta`)).read(message(`${word} lunch`));
      expect(learnt.words).toContainEqual({ word: word.toLowerCase(), weight: expect.any(Number), leans: "spam" });
      expect(Number.isFinite(learnt.confidence)).toBe(true);
    },
  );

  it("refuses to train on one label only", () => {
    const training = EXAMPLES.filter(({ label }) => label === "spam");
    expect(() => trainWordClassifier({ training, calibration: EXAMPLES })).toThrow("2 or more labels");
  });
});

describe("wordsOf", () => {
  it("finds the different words of author, subject and body in any script", () => {
    const words = wordsOf({
      ...message("Größe 외국계 x so 100% FREE free!"),
      from: "Ada <ada@example.org>",
      subject: "Привет",
    });
    expect(words).toEqual(["ada", "example", "org", "привет", "größe", "외국계", "100", "free"]);
  });

  it("leaves out what is too long to be a word", () => {
    expect(wordsOf(message(`short ${"x".repeat(31)}`))).toEqual(["short"]);
  });
});
