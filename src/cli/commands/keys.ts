import { join } from "node:path";
import { generateKeys, listKeys, revokeKey, rotateKeys, type KeyFiles } from "../../authority/key-folder.js";
import type { KeyListing } from "../../authority/key-set.js";
import { AssentError } from "../../model/error.js";
import type { Command, CommandRun, OptionName } from "../command.js";

const FOLDER_HELP = "DIR is the folder of the keys: ASSENT_KEYS, or .assent/keys, unless said.";
/** Keys are files: no Postgres is opened. */
const OPTIONS = ["json"] as const satisfies readonly OptionName[];

/** `assent keys generate`. */
export const keysGenerateCommand: Command = {
  name: "keys generate",
  takes: "[DIR]",
  summary: "make the key that decisions are signed with",
  details: `Writes signing.json, for processes that decide, and public.json, for graph
hosts: with that one alone they check decisions and make none.
${FOLDER_HELP}`,
  options: OPTIONS,
  run: async (run) => told(run, await generateKeys(folderOf(run, "keys generate"))),
};

/** `assent keys rotate`. */
export const keysRotateCommand: Command = {
  name: "keys rotate",
  takes: "[DIR]",
  summary: "sign with a new key from now on",
  details: `What the old key signed so far still counts. Bring signing.json to those that
decide and public.json to graph hosts; they notice the change by themselves.
${FOLDER_HELP}`,
  options: OPTIONS,
  run: async (run) => told(run, await rotateKeys(folderOf(run, "keys rotate"))),
};

/** `assent keys revoke`. */
export const keysRevokeCommand: Command = {
  name: "keys revoke",
  takes: "ID [DIR]",
  summary: "nothing that a key signed counts any more",
  details: `For a key that may be in wrong hands. What was approved with it and has not run
is asked again, as soon as graph hosts have the new public.json.
${FOLDER_HELP}`,
  options: OPTIONS,
  async run(run) {
    const [id, ...rest] = run.positionals;
    if (id === undefined) throw new AssentError("usage", { what: "`keys revoke` takes the id of a key" });
    return told(run, await revokeKey(folderOf({ ...run, positionals: rest }, "keys revoke"), id));
  },
};

/** `assent keys list`. */
export const keysListCommand: Command = {
  name: "keys list",
  takes: "[PATH]",
  summary: "show the keys of a folder or file",
  details: `Never shows a private key. PATH may be a key file too.
${FOLDER_HELP}`,
  options: OPTIONS,
  async run(run) {
    const keys = await listKeys(folderOf(run, "keys list"));
    if (run.options.json) run.print(JSON.stringify(keys));
    else for (const key of keys) run.print(lineOf(key));
    return 0;
  },
};

function folderOf({ positionals, environment }: CommandRun, command: string): string {
  const [folder, ...more] = positionals;
  if (more.length > 0) throw new AssentError("usage", { what: `\`${command}\` takes one folder`, seen: positionals });
  if (folder !== undefined) return folder;
  const named = environment["ASSENT_KEYS"];
  return named === undefined || named === "" ? join(".assent", "keys") : named;
}

function told({ options, print }: CommandRun, files: KeyFiles): number {
  if (options.json) {
    print(JSON.stringify(files));
    return 0;
  }
  for (const key of files.keys) print(lineOf(key));
  print("");
  print(`for those that decide   ${files.signing}`);
  print(`for graph hosts         ${files.public}`);
  return 0;
}

function lineOf({ id, state, since, until, revokedAt }: KeyListing): string {
  const untilWhen = until === null ? "" : `, until ${until}`;
  const revokedWhen = revokedAt === null ? "" : `\n  revoked ${revokedAt}`;
  return `${id}  ${state}\n  since ${since}${untilWhen}${revokedWhen}`;
}
