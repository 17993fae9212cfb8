import { readFileSync } from "node:fs";
import ts from "typescript";
import { ROOT } from "./entry-points.js";

/** One piece of TypeScript that the documentation shows. */
export interface Example {
  /** Where it stands: `path:line`. */
  place: string;
  code: string;
}

/** The fences of these languages are compiled; `ts no-check` says openly that one is not. */
const FENCE =
  /^(?<indent>[ \t]*(?:\* ?)?[ \t]*)```(?<info>[^\n`]*)\n(?<body>[\s\S]*?)^[ \t]*(?:\* ?)?[ \t]*```[ \t]*$/gm;

/** What a fence has to be called if its body is TypeScript. */
const LANGUAGES = ["ts", "ts no-check", "typescript"];

/** Every fence of a text with its info string, be it Markdown or the doc comments of a source file. */
export function fencesIn(path: string, text: string): (Example & { info: string })[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const { indent = "", info = "", body = "" } = match.groups ?? {};
    const lines = body
      .split("\n")
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()));
    const bare = indent.includes("*") ? lines.map((line) => line.replace(/^\s*\* ?/, "")) : lines;
    const place = `${path}:${text.slice(0, match.index).split("\n").length}`;
    return { place, info: info.trim(), code: bare.join("\n") };
  });
}

/** The TypeScript examples of a file that are to compile. */
export function examplesIn(path: string): Example[] {
  const fences = fencesIn(path, readFileSync(`${ROOT}${path}`, "utf8"));
  return fences.filter(({ info }) => LANGUAGES.includes(info) && info !== "ts no-check");
}

/** What the compiler says against each example, each taken as a file of its own in a user's project. */
export function complaintsAbout(examples: readonly Example[]): string[] {
  const files = new Map(
    examples.map(({ code }, index) => [`${ROOT}documented-example-${index}.ts`, `${code}\nexport {};\n`]),
  );
  const options = optionsOfUsers();
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => files.has(name) || disk.fileExists(name),
    readFile: (name) => files.get(name) ?? disk.readFile(name),
    getSourceFile(name, version, ...rest) {
      const code = files.get(name);
      return code === undefined ? disk.getSourceFile(name, version, ...rest) : ts.createSourceFile(name, code, version);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((name, index) => {
    const file = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText }) => {
      return `${examples[index]?.place ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}

/** The repository's options; its `paths` stand for an installed package. */
function optionsOfUsers(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["x.ts"] }, ts.sys, ROOT);
  return options;
}
