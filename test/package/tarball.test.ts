import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { ENTRY_POINTS, MANIFEST, ROOT } from "./entry-points.js";
import { pack, type Packed } from "./packed.js";

/** Code, declarations and maps that hold the sources: a source makes about three and a half times its size. */
const UNPACKED_BYTES_PER_SOURCE_BYTE_MAX = 4.5;

let packed: Packed;
beforeAll(async () => {
  packed = await pack();
  return () => packed.remove();
}, 180_000);

async function sourceBytes(): Promise<number> {
  const files = (await readdir(join(ROOT, "src"), { recursive: true })).filter((path) => path.endsWith(".ts"));
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(ROOT, "src", path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Runs a line of JavaScript as a module of the project. */
const inNode = async (code: string): Promise<string> =>
  (await packed.run(process.execPath, "--input-type=module", "--eval", code)).stdout.trim();

/** What a user's compiler says about some files of the project and about our declarations, none of them skipped. */
function complaints(...paths: string[]): string[] {
  const program = ts.createProgram(paths, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(packed.project, "node_modules/@types")],
  });
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(packed.project));
  const found = [
    ...program.getOptionsDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return found.map(({ file, messageText }) => {
    return `${file?.fileName ?? "options"}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

describe("the tarball", () => {
  test("holds the build and the papers, and nothing else", async () => {
    expect(packed.files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE", "CHANGELOG.md"]));
    const kinds = /^(dist\/.+\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(packed.files.filter((path) => !kinds.test(path))).toEqual([]);
    expect(packed.unpackedBytes).toBeLessThan(UNPACKED_BYTES_PER_SOURCE_BYTE_MAX * (await sourceBytes()));
  });

  test("has source maps that need no other file", async () => {
    const maps = packed.files.filter((path) => path.endsWith(".js.map"));
    expect(maps.length).toBeGreaterThan(50);
    for (const path of maps) {
      const text = await readFile(join(packed.project, "node_modules", MANIFEST.name, path), "utf8");
      const { sources, sourcesContent } = JSON.parse(text) as { sources: string[]; sourcesContent?: string[] };
      expect(sourcesContent ?? [], path).toHaveLength(sources.length);
    }
  });

  test("is fine by publint, suggestions included", async () => {
    const tarball = await readFile(packed.tarball);
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg as Record<string, unknown>, { color: false }))).toEqual(
      [],
    );
  });

  test("resolves to the right types for every ESM user", async () => {
    const attw = join(ROOT, "node_modules/.bin/attw");
    const { stdout } = await packed.run(attw, packed.tarball, "--profile", "esm-only", "--format", "json");
    const { analysis, problems } = JSON.parse(stdout) as {
      analysis: { packageName: string; entrypoints: Record<string, object> };
      problems?: Record<string, { resolutionKind?: string }[]>;
    };
    expect(Object.keys(analysis.entrypoints)).toHaveLength(Object.keys(MANIFEST.exports).length);
    // `require` and the resolution of before 2020 are outside the promise of an ESM-only package.
    const ours = Object.values(problems ?? {}).flat();
    expect(ours.filter(({ resolutionKind = "" }) => !["node10", "node16-cjs"].includes(resolutionKind))).toEqual([]);
  });
});

describe("a project with nothing but the tarball and what it declares", () => {
  test.each(ENTRY_POINTS)("imports $name", async ({ name }) => {
    const names = await inNode(`process.stdout.write(Object.keys(await import("${name}")).join(" "))`);
    expect(names).not.toBe("");
  });

  test("cannot import what is not public", async () => {
    await expect(inNode(`await import("assent/dist/model/error.js")`)).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
    await expect(inNode(`await import("vitest")`)).rejects.toThrow("ERR_MODULE_NOT_FOUND");
  });

  test("type-checks and runs a first program", async () => {
    const source = await readFile(join(ROOT, "test/package/consumer/program.ts"), "utf8");
    const file = join(packed.project, "program.mts");
    await writeFile(file, source);
    expect(complaints(file)).toEqual([]);
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    await writeFile(join(packed.project, "program.mjs"), outputText);
    const { stdout } = await packed.run(process.execPath, "program.mjs");
    expect(stdout).toBe("paid once\n");
  });

  test("is told by its compiler when it uses a name wrongly", async () => {
    const file = join(packed.project, "wrong.mts");
    await writeFile(file, 'import { loadPolicy } from "assent";\nawait loadPolicy(1);\n');
    expect(complaints(file)).toEqual([expect.stringContaining("Argument of type 'number' is not assignable")]);
  });

  test("has the command", async () => {
    expect((await stat(join(packed.project, "node_modules/.bin/assent"))).mode & 0o111).not.toBe(0);
    const version = await packed.run("npx", "--no-install", "assent", "--version");
    expect(version.stdout).toBe(`${MANIFEST.version}\n`);
    const help = await packed.run("npx", "--no-install", "assent", "--help");
    expect(help.stdout).toContain("Usage: assent");
  });
});

test("what is installed here is what package.json asks for, peers included", async () => {
  const { stdout } = await packed.run("npm", "ls", "--prefix", ROOT, "--depth=0", "--json");
  expect((JSON.parse(stdout) as { problems?: string[] }).problems ?? []).toEqual([]);
});
