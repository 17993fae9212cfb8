import { oneLine, visibleText } from "assent";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { decisions, endSessions, office, Session } from "./reviewing.js";

afterEach(endSessions);

const pieces = [
  "\u001b[2J\u001b[31m",
  "\u001b]8;;http://evil.example\u0007",
  "\u009b1A",
  "\rApproved: all of it",
  "\u202e\u2066",
  "\u200b\u2060\ufeff",
  "\u{e0061}\u{e0070}",
  "<script>alert(1)</script><b>&amp;",
  "\nreview> approve\n",
  "\0\b",
  "漢字",
  "👩‍💻",
  "%s ${x} plain",
];
const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 10 })), { maxLength: 6 });
/** Agent text that may stand in a column of its own; the others are refused before anybody sees them. */
const name = text.map((parts) => `x${parts.join("").replaceAll("\0", "")}`);

/** Lines of a session that hold a hidden character, or are wider than a terminal. */
function unfit(said: string): string[] {
  return said.split("\n").filter((line) => {
    const solid = line.replaceAll(" ", "x");
    return visibleText(line) !== line || line.includes("\t") || oneLine(solid, 80) !== solid;
  });
}

test("whatever an agent and a reviewer say, a session prints text alone, and the review is decided once", async () => {
  const words = fc.record({ to: name, memo: text, agent: name, requestedBy: name, context: text, note: name });
  await fc.assert(
    fc.asyncProperty(words, async ({ to, memo, agent, requestedBy, context, note }) => {
      const { assent, propose } = office();
      const said = { said: context.join(""), [context.join("")]: context };
      await propose({ to, cents: 5, memo: memo.join("") }, { agent, requestedBy, context: said });
      const reason = note.replaceAll(/[\r\n\u2028\u2029]/g, " ");
      const typed = [
        "list",
        "show 1",
        `frobnicate${reason}`,
        `modify 1 ${reason}`,
        "modify 1 cents=x",
        `reject 1 ${reason}`,
      ];
      const session = new Session(assent, { typed: `${typed.join("\n")}\n` });
      await session.ended;
      expect(unfit(session.said)).toEqual([]);
      expect(await decisions(assent)).toEqual(["5 reject by ana"]);
    }),
    { numRuns: 60 },
  );
});
