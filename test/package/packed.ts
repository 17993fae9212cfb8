import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MANIFEST, ROOT } from "./entry-points.js";

/** Runs a program; if it fails, the error shows everything that it printed. */
async function run(program: string, args: string[], cwd: string): Promise<Printed> {
  try {
    return await promisify(execFile)(program, args, { cwd });
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as Partial<Printed>;
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`, { cause });
  }
}

/** What a program printed. */
export interface Printed {
  stdout: string;
  stderr: string;
}

/** What the package is made from; everything else in the repository must be unnecessary for it. */
const INGREDIENTS = [
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "src",
];

/** Packages for the consumer's compiler that a user of TypeScript on Node has anyway. */
const OF_EVERY_USER = ["@types/node"];

/** The package as npm would publish it, installed in a project of its own. */
export interface Packed {
  /** The tarball's path. */
  tarball: string;
  /** The files in it, without the leading `package/`. */
  files: string[];
  /** How many bytes it takes once installed. */
  unpackedBytes: number;
  /** A project with the package in its node_modules. */
  project: string;
  /** Runs a program in the project; rejects if it fails. */
  run(program: string, ...args: string[]): Promise<Printed>;
  remove(): Promise<void>;
}

/**
 * Packs a clean copy of the sources, so that `prepack` builds it and the repository's dist/ stays as it is, and
 * unpacks the tarball into a project.
 *
 * The project's node_modules holds links to the repository's copies of what package.json declares for users, and
 * nothing else: an undeclared package is not found, and no registry is asked.
 */
export async function pack(): Promise<Packed> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "assent-packed-"));
  try {
    return await packInto(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function packInto(folder: string): Promise<Packed> {
  const copy = join(folder, "copy");
  for (const name of INGREDIENTS) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], copy);
  // What `prepack` prints stands before npm's own words.
  const [report] = JSON.parse(stdout.slice(stdout.search(/^\[$/m))) as [
    { filename: string; unpackedSize: number; files: { path: string }[] },
  ];
  const tarball = join(folder, report.filename);
  const project = join(folder, "project");
  await install(tarball, project);
  return {
    tarball,
    files: report.files.map(({ path }) => path),
    unpackedBytes: report.unpackedSize,
    project,
    run: (program, ...args) => run(program, args, project),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function install(tarball: string, project: string): Promise<void> {
  const modules = join(project, "node_modules");
  await mkdir(join(modules, MANIFEST.name), { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, MANIFEST.name)], project);
  const peers = Object.keys(MANIFEST.peerDependencies).filter((name) => !MANIFEST.peerDependenciesMeta[name]?.optional);
  for (const name of [...Object.keys(MANIFEST.dependencies), ...peers, ...OF_EVERY_USER]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name), "dir");
  }
  await mkdir(join(modules, ".bin"));
  for (const [name, path] of Object.entries(MANIFEST.bin)) {
    await symlink(join("..", MANIFEST.name, path), join(modules, ".bin", name));
  }
}
