import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  type ExtractorLogLevel,
  type ExtractorMessage,
} from "@microsoft/api-extractor";
import { ENTRY_POINTS, ROOT, type EntryPoint } from "./entry-points.js";

/*
 * Compares the public API, as it is built in dist/, with the reports committed beside this file; `--write` brings the
 * reports up to date. A changed report is how a reviewer sees that a name, a type or a default reached our users.
 */

const ERROR = { logLevel: "error" as ExtractorLogLevel, addToApiReportFile: false };
const NONE = { logLevel: "none" as ExtractorLogLevel, addToApiReportFile: false };

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
          compilerOptions: { module: "NodeNext", target: "ES2023", lib: ["ES2023"], strict: true, types: ["node"] },
          files: ENTRY_POINTS.map((entry) => entry.declarations),
        },
        skipLibCheck: true,
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
          // Reported as an error for every exported name and member.
          "ae-undocumented": ERROR,
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
        if (message.logLevel === "error") complaints.add(printed(message));
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
