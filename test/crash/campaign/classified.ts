import { trainMailClassifier } from "../../../graphs/mail-moderation/classifier.js";
import { loadCorpus, splitCorpus } from "../../../graphs/mail-moderation/corpus.js";
import { readMessage } from "../../../graphs/mail-moderation/message.js";
import type { Classification } from "../../../graphs/mail-moderation/classifier.js";
import { contentsOf, type Judged } from "./plan.js";

/** Classifies the first `count` messages of the agent's work. Takes a second or two, which no host has to spend again. */
export async function judge(count: number): Promise<Judged> {
  const corpus = splitCorpus(loadCorpus());
  const classifier = await trainMailClassifier(corpus);
  const mails = corpus.work.slice(0, count);
  const classifications: Record<string, Classification> = {};
  const confidences: number[] = [];
  for (const { raw } of mails) {
    const message = await readMessage(raw);
    const made = classifier.classify(message);
    classifications[contentsOf(message)] = made;
    confidences.push(Math.floor(made.confidence * 10_000) / 10_000);
  }
  const middle = confidences.toSorted((a, b) => a - b)[Math.floor(confidences.length / 2)] ?? 0.9;
  return { mails, classifications, sureAbove: Math.min(middle, 0.999) };
}
