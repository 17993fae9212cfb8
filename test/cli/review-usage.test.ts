import { expect, describe, test } from "vitest";
import { AssentError } from "assent";
import { checkOptions, optionsHelp, readWords, type Command } from "../../src/cli/command.js";
import { reviewAbstainCommand } from "../../src/cli/commands/review-abstain.js";
import { reviewAnswerCommand } from "../../src/cli/commands/review-answer.js";
import { reviewApproveCommand } from "../../src/cli/commands/review-approve.js";
import { reviewClaimCommand } from "../../src/cli/commands/review-claim.js";
import { reviewEscalateCommand } from "../../src/cli/commands/review-escalate.js";
import { reviewLsCommand } from "../../src/cli/commands/review-ls.js";
import { reviewModifyCommand } from "../../src/cli/commands/review-modify.js";
import { reviewRejectCommand } from "../../src/cli/commands/review-reject.js";
import { reviewReleaseCommand } from "../../src/cli/commands/review-release.js";
import { reviewReviseCommand } from "../../src/cli/commands/review-revise.js";
import { reviewShowCommand } from "../../src/cli/commands/review-show.js";
import { reviewSnoozeCommand } from "../../src/cli/commands/review-snooze.js";
import { runCli } from "./run-cli.js";

const DECIDING = [
  reviewApproveCommand,
  reviewModifyCommand,
  reviewRejectCommand,
  reviewAnswerCommand,
  reviewReviseCommand,
  reviewEscalateCommand,
  reviewAbstainCommand,
];
const COMMANDS = [
  reviewLsCommand,
  reviewShowCommand,
  reviewClaimCommand,
  reviewReleaseCommand,
  reviewSnoozeCommand,
  ...DECIDING,
];

/** How a command refuses to be read, as the command line itself would have it said. */
async function refused(command: Command, args: readonly string[]): Promise<AssentError> {
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  try {
    const { words, options, given } = readWords([...args]);
    checkOptions(command, given);
    await command.run({ positionals: words, options, environment: {}, print, note: print });
  } catch (error) {
    if (!AssentError.isInstance(error, "usage")) throw error;
    expect(printed).toEqual([]);
    return error;
  }
  throw new Error(`${command.name} takes ${args.join(" ")}; it printed: ${printed.join("\n")}`);
}

describe("the review commands", () => {
  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    "%s has help that fits 80 columns",
    (_, command) => {
      const help = `${command.details}\n${optionsHelp(command.options)}`;
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(help).toContain("Ends with 0");
      expect(command.options).toEqual(expect.arrayContaining(["config", "json"]));
    },
  );

  test.each(DECIDING.map((command) => [command.name, command] as const))(
    "%s wants the digest of what was seen",
    async (_, command) => {
      expect((await refused(command, ["rv_123456"])).message).toContain(
        "Look at it first: assent review show rv_123456. It prints the digest",
      );
    },
  );

  test.each([
    [reviewLsCommand, ["all"], "takes no words"],
    [reviewLsCommand, ["--order", "age"], "takes one of: urgency, oldest, deadline, risk"],
    [reviewLsCommand, ["--kind", "veto"], "takes one of: approval"],
    [reviewLsCommand, ["--limit", "501"], "from 1 to 500"],
    [reviewLsCommand, ["--limit", "1.5"], "a whole number"],
    [reviewLsCommand, ["--risk-at-least", "high"], "a number from 0 to 1"],
    [reviewLsCommand, ["--risk-at-least", ""], "a number from 0 to 1"],
    [reviewLsCommand, ["--digest", "x"], "takes no --digest"],
    [reviewShowCommand, [], "takes one review"],
    [reviewShowCommand, ["rv_12345"], "This is no review"],
    [reviewShowCommand, ["au_123456789"], "This is no review"],
    [reviewShowCommand, ["rv_%'; drop"], "This is no review"],
    [reviewApproveCommand, [], "takes one review"],
    [reviewApproveCommand, ["rv_123456", "rv_123457", "--digest", "d"], "takes one review"],
    [reviewApproveCommand, ["rv_123456", "--digest", "d", "--args", "{}"], "takes no --args"],
    [reviewModifyCommand, ["rv_123456", "--digest", "d"], "--args is missing"],
    [reviewModifyCommand, ["rv_123456", "--digest", "d", "--args", "{"], "--args is no JSON"],
    [
      reviewModifyCommand,
      ["rv_123456", "--digest", "d", "--args", "@nowhere.json"],
      "The file that --args names cannot be read: ENOENT",
    ],
    [reviewAnswerCommand, ["rv_123456", "--digest", "d", "--answer", "@nowhere.json"], "(at nowhere.json)"],
    [reviewAnswerCommand, ["rv_123456", "--digest", "d", "--answer", "Tuesday"], "--answer is no JSON"],
    [reviewClaimCommand, ["rv_123456", "--minutes", "0"], "from 1 to 1440"],
    [reviewSnoozeCommand, ["rv_123456"], "takes a moment or a while"],
    [reviewSnoozeCommand, ["rv_123456", "--until", "tomorrow"], "takes a moment or a while"],
    [reviewReleaseCommand, ["rv_123456", "--until", "PT4H"], "takes no --until"],
  ])("do not guess: %#", async (command, words, said) => {
    expect((await refused(command, words)).message).toContain(said);
  });

  test("are in the help of the command line, and end with 2 if they cannot be read", async () => {
    const [help, one, bare] = await Promise.all([
      runCli(["--help"]),
      runCli(["review", "show", "--help"]),
      runCli(["review", "approve", "rv_123456"]),
    ]);
    for (const { name, takes } of COMMANDS) expect(help.stdout).toContain(`\n  ${`${name} ${takes}`.trim()} `);
    expect(help.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(one.stdout).toMatch(/^Usage: assent review show ID \[options\]\n/);
    expect(bare).toMatchObject({ code: 2, stdout: "" });
    expect(bare.stderr).toContain("so that what was seen is what is decided");
  });
});
