import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DURATION_LIMITS, durationInWords, durationMs, durationText } from "../../src/policy/duration.js";

test.each([
  ["PT1S", 1000, "PT1S", "a second"],
  ["PT30M", 1_800_000, "PT30M", "30 minutes"],
  ["PT90M", 5_400_000, "PT1H30M", "1 hour and 30 minutes"],
  ["PT60M", 3_600_000, "PT1H", "an hour"],
  ["PT24H", 86_400_000, "P1D", "a day"],
  ["P2W", 1_209_600_000, "P14D", "14 days"],
  ["P1DT2H3M4S", 93_784_000, "P1DT2H3M4S", "1 day, 2 hours, 3 minutes and 4 seconds"],
  ["P366D", DURATION_LIMITS.max, "P366D", "366 days"],
])("%s is %d ms", (text, ms, normal, words) => {
  expect(durationMs(text)).toBe(ms);
  expect(durationText(ms)).toBe(normal);
  expect(durationInWords(ms)).toBe(words);
});

test.each(
  [
    [
      "P",
      "PT",
      "P1DT",
      "PT1",
      "1D",
      "P1",
      "-PT1H",
      "P1M",
      "P1Y",
      "PT1.5H",
      "pt1h",
      "PT1H ",
      "P1W1D",
      "P1H",
      "PT1D",
      "PT1M1H",
    ],
    ["", "PT0S", "P0D", "P367D", "P53W", "PT9999999999S", "PT31622401S", "P\u0661D"],
  ].flat(),
)("%j is none", (text) => {
  expect(durationMs(text)).toBeUndefined();
});

test("every duration of whole seconds has one text, which means the same", () => {
  const seconds = fc.integer({ min: 1, max: DURATION_LIMITS.max / 1000 });
  fc.assert(
    fc.property(seconds, (count) => {
      expect(durationMs(durationText(count * 1000))).toBe(count * 1000);
    }),
  );
});
