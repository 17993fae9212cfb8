import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageId,
  type ExtractorMessage,
} from "@microsoft/api-extractor";
import ts from "typescript";
import { ENTRY_POINTS, ROOT, type EntryPoint } from "./entry-points.js";
import { parse, visit } from "./source-files.js";

/*
 * Compares the public API, as it is built in dist/, with the reports committed beside this file; `--write` brings the
 * reports up to date. A changed report is how a reviewer sees that a name, a type or a default reached our users.
 */

const ERROR = { logLevel: ExtractorLogLevel.Error, addToApiReportFile: false };
const NONE = { logLevel: ExtractorLogLevel.None, addToApiReportFile: false };

function configFor({ word, declarations }: EntryPoint, temporary: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(ROOT, "package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, declarations),
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: "NodeNext",
            target: "ES2023",
            lib: ["ES2023"],
            strict: true,
            types: ["node"],
            skipLibCheck: true,
          },
          files: ENTRY_POINTS.map((entry) => entry.declarations),
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: word,
        reportFolder: join(ROOT, "test/package"),
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: ERROR },
        extractorMessageReporting: {
          default: ERROR,
          // Exported names are checked by public-docs.test.ts; a member such as `proposalId` may speak for itself.
          "ae-undocumented": NONE,
          // A dependency ships a raw .ts file among its declarations.
          "ae-wrong-input-file-type": NONE,
          // Everything exported is public; nothing needs a release tag.
          "ae-missing-release-tag": NONE,
          "ae-unresolved-link": NONE,
        },
        tsdocMessageReporting: { default: NONE },
      },
    },
  });
}

/** Every name that some entry point exports; a type in a signature needs to be among them. */
const publicNames = new Set(
  ENTRY_POINTS.flatMap(({ source }) => {
    const names: string[] = [];
    visit(parse(source), (node) => void (ts.isExportSpecifier(node) && names.push(node.name.text)));
    return names;
  }),
);

/** Whether a complaint is about a name that users can import, if from another entry point than the one looked at. */
function isPublicElsewhere({ messageId, text }: ExtractorMessage): boolean {
  const [, name = ""] = /^The symbol "([^"]+)"/.exec(text) ?? [];
  return messageId === ExtractorMessageId.ForgottenExport.toString() && publicNames.has(name);
}

function printed({ text, sourceFilePath, sourceFileLine, messageId }: ExtractorMessage): string {
  const at = sourceFilePath === undefined ? "" : `${sourceFilePath.replace(ROOT, "")}:${sourceFileLine ?? 0}: `;
  return `${at}${text} (${messageId})`;
}

const write = process.argv.includes("--write");
const temporary = mkdtempSync(join(tmpdir(), "assent-api-"));
const complaints = new Set<string>();
let compilerState: CompilerState | undefined;
try {
  for (const entry of ENTRY_POINTS) {
    const config = configFor(entry, temporary);
    compilerState ??= CompilerState.create(config);
    const result = Extractor.invoke(config, {
      localBuild: write,
      compilerState,
      messageCallback: (message) => {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error && !isPublicElsewhere(message))
          complaints.add(printed(message));
      },
    });
    if (!write && result.apiReportChanged) {
      complaints.add(`The API of ${entry.name} is not what test/package/${entry.word}.api.md says: npm run api`);
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
if (complaints.size === 0) process.stdout.write(`${ENTRY_POINTS.length} API reports ${write ? "written" : "hold"}\n`);
process.exitCode = complaints.size === 0 ? 0 : 1;
