/**
 * Runs the lessons of this folder, one or all of them. `npm run example` runs this file.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, styleText } from "node:util";

const HELP = `Usage: npm run example -- [NAME… | --list | --all]

Each lesson is a program that shows one thing and asserts it. They need no
database and no network.

  NAME        run one lesson, or several: 07-veto-window, veto-window or 7
  --list      what lessons there are; so does giving nothing
  --all       run all of them, one after the other, in one process
  -h, --help  this help

Exits with 1 if a lesson fails, with 2 for a command line that cannot be read.
NO_COLOR is respected.`;

/** How long a lesson may take; none waits for anything but itself. */
const LESSON_MS_MAX = 60_000;

interface Lesson {
  /** The file's name without its ending, such as `07-veto-window`. */
  name: string;
  path: string;
  /** The first sentence of what it says about itself. */
  teaches: string;
}

/** A command line that cannot be read. */
class UsageError extends Error {}

const isColored = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
const paint = (style: "bold" | "dim" | "green" | "red", text: string): string =>
  isColored ? styleText(style, text) : text;

function lessonsIn(folder: string): Lesson[] {
  const files = readdirSync(folder).filter((file) => /^\d\d-[a-z0-9-]+\.ts$/.test(file));
  return files.toSorted().map((file) => {
    const path = join(folder, file);
    const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(path, "utf8")) ?? [];
    const words = comment.replaceAll(/\s*\n \* ?/g, " ").trim();
    return { name: file.slice(0, -3), path, teaches: /^Lesson \d+\. (.*?\.)(?: |$)/.exec(words)?.[1] ?? words };
  });
}

/** The lesson of a name, of a name without its number, or of a number. */
function lessonCalled(wanted: string, lessons: readonly Lesson[]): Lesson {
  const found = lessons.find(({ name }) => {
    const [number = "", ...words] = name.split("-");
    return name === wanted || words.join("-") === wanted || (/^\d+$/.test(wanted) && Number(number) === Number(wanted));
  });
  if (found !== undefined) return found;
  throw new UsageError(`There is no lesson "${wanted}". There are: ${lessons.map(({ name }) => name).join(", ")}`);
}

/** What the command line asks for: the lessons to run, or a text to show. */
function readWords(words: string[], lessons: readonly Lesson[]): Lesson[] | string {
  const { values, positionals } = parsed(words);
  if (values.help) return HELP;
  if (values.all && (values.list || positionals.length > 0)) throw new UsageError("--all takes nothing beside it");
  if (values.all) return [...lessons];
  if (values.list || positionals.length === 0) {
    return lessons.map(({ name, teaches }) => `${paint("bold", name)}\n    ${teaches}`).join("\n");
  }
  return [...new Set(positionals.map((wanted) => lessonCalled(wanted, lessons)))];
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        list: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Runs one lesson in this process, so that what all of them import is loaded once; says what came of it. */
async function runs({ name, path, teaches }: Lesson, place: string): Promise<boolean> {
  console.log(`${paint("dim", place)} ${paint("bold", name)}\n${paint("dim", teaches)}`);
  const before = performance.now();
  let late: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const why = new Error(`It did not end within ${LESSON_MS_MAX / 1_000} seconds`);
    late = setTimeout(() => reject(why), LESSON_MS_MAX);
  });
  try {
    await Promise.race([import(pathToFileURL(path).href), tooLong]);
    const seconds = ((performance.now() - before) / 1_000).toFixed(1);
    console.log(`${paint("green", "ok")} ${name} ${paint("dim", `(${seconds} s)`)}\n`);
    return true;
  } catch (error) {
    console.error(error);
    console.log(`${paint("red", "FAILED")} ${name}\n`);
    return false;
  } finally {
    clearTimeout(late);
  }
}

async function main(words: string[]): Promise<number> {
  const wanted = readWords(words, lessonsIn(import.meta.dirname));
  if (typeof wanted === "string") {
    console.log(wanted);
    return 0;
  }
  const failed: string[] = [];
  for (const [index, lesson] of wanted.entries()) {
    if (!(await runs(lesson, `${index + 1}/${wanted.length}`))) failed.push(lesson.name);
  }
  if (failed.length > 0) console.log(`${failed.length} of ${wanted.length} failed: ${failed.join(", ")}`);
  else if (wanted.length > 1) console.log(`All ${wanted.length} lessons hold.`);
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
