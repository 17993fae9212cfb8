import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/every-command.js";
import { commandHelp, groupHelp, wholeHelp } from "../../src/cli/help.js";
import { runCli } from "./run-cli.js";

/** The help of the command of this name. */
function helpOf(name: string): string {
  return commandHelp(COMMANDS.find((command) => command.name === name)!);
}

describe("help", () => {
  test.each(COMMANDS.map((command) => [command.name, command] as const))("of %s fits 80 columns", (_, command) => {
    expect(
      commandHelp(command)
        .split("\n")
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  test("of all commands, and of those that begin alike, fits 80 columns", () => {
    const groups = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
    const texts = [wholeHelp(COMMANDS), ...[...groups].map((word) => groupHelp(COMMANDS, word) ?? "")];
    expect(texts.flatMap((text) => text.split("\n")).filter((line) => line.length > 80)).toEqual([]);
  });

  test.each([
    ["policy explain", "FILE --proposal FILE"],
    ["policy diff", "OLD NEW --proposals FILE"],
    ["review answer", "ID --digest D --answer JSON"],
    ["review modify", "ID --digest D --args JSON"],
    ["review revise", "ID --digest D --note TEXT"],
    ["review approve", "ID --digest D"],
    ["review snooze", "ID --until WHEN"],
    ["migrate", ""],
  ])("of %s names what it cannot do without", (name, takes) => {
    expect(helpOf(name).split("\n")[0]).toBe(`Usage: assent ${`${name} ${takes}`.trim()} [options]`);
  });

  test.each(["generate", "rotate", "revoke", "list"])("of keys %s speaks of no Postgres, for it opens none", (what) => {
    const help = helpOf(`keys ${what}`);
    for (const word of ["--schema", "--data", "DATABASE_URL"]) expect(help).not.toContain(word);
    expect(help).toContain("--json");
  });

  test("is what the command line prints", async () => {
    expect(await runCli(["policy", "explain", "--help"])).toEqual({
      code: 0,
      stdout: `${helpOf("policy explain")}\n`,
      stderr: "",
    });
  });
});
