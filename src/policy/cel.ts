import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import type { Test } from "./comparison.js";
import type { FactKind } from "./fact-kinds.js";
import type { FactRow, FactTable, ReadFact } from "./fact-row.js";
import { listed, quoted } from "./quoted.js";

/** How large an expression may be. */
export const CEL_LIMITS = {
  characters: 2000,
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
  /** A list of more tags cannot be evaluated: what looks through it for each of its tags would take too long. */
  tags: 1000,
} as const;

const MACROS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);
/** The facts that only CEL has; `time` tests them elsewhere. */
export const CLOCK_FACTS = ["hour", "weekday"] as const;

type Kinds = ReadonlyMap<string, FactKind | undefined>;

/** The expression parsed, and the facts that it may read. */
export interface CelExpression {
  readonly names: readonly string[];
  readonly run: (context: Readonly<Record<string, unknown>>) => unknown;
}

/** What is wrong with an expression. */
export interface CelProblem {
  /** One sentence without the place. */
  readonly text: string;
  /** The name that is not declared, if that is what is wrong. */
  readonly unknown?: string;
  /** Where in the expression, counted from 0. */
  readonly offset: number;
}

/** The variables that expressions over these facts may use; names that CEL cannot write are left out. */
export class CelLanguage {
  readonly names: readonly string[];
  readonly #environment: Environment;

  constructor(kinds: Kinds) {
    const { characters: _characters, tags: _tags, ...limits } = CEL_LIMITS;
    this.#environment = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: false, limits });
    const names = [...kinds].filter(([name, kind]) => this.#declare(name, kind)).map(([name]) => name);
    const clock = CLOCK_FACTS.filter((name) => !kinds.has(name));
    for (const name of clock) this.#environment.registerVariable(name, name === "hour" ? "int" : "string");
    this.names = [...names, ...clock];
  }

  /** Parses and checks an expression. */
  parse(text: string): CelExpression | CelProblem {
    try {
      const parsed = this.#environment.parse(text);
      const refused = refusedIn(parsed.ast, false);
      if (refused !== undefined) return refused;
      const { valid, type, error } = parsed.check();
      if (!valid) return problemOf(error, text);
      if (type !== "bool") return { text: `it is of type ${type ?? "unknown"}, not true or false`, offset: 0 };
      const used = new Set<string>();
      collectNames(parsed.ast, used);
      return { names: this.names.filter((name) => used.has(name)), run: parsed };
    } catch (error) {
      return problemOf(error, text);
    }
  }

  #declare(name: string, kind: FactKind | undefined): boolean {
    if (!IDENTIFIER.test(name)) return false;
    // A fact whose declaration is wrong is told there; here it may be anything. Names of the language's own are refused.
    try {
      if (kind?.type === "amount") {
        this.#environment.registerVariable({ name, schema: { value: "double", currency: "string" } });
      } else this.#environment.registerVariable(name, kind === undefined ? "dyn" : CEL_TYPES[kind.type]);
      return true;
    } catch {
      return false;
    }
  }
}

// A hyphen is a minus in CEL.
const IDENTIFIER = /^[A-Za-z_]\w*$/;
const CEL_TYPES: Record<Exclude<FactKind["type"], "amount">, string> = {
  number: "double",
  string: "string",
  boolean: "bool",
  tags: "list<string>",
};

const languages = new WeakMap<Kinds, CelLanguage>();

/** The language over these facts. */
export function celOver(kinds: Kinds): CelLanguage {
  const language = languages.get(kinds) ?? new CelLanguage(kinds);
  languages.set(kinds, language);
  return language;
}

/** Compiles an expression that has been read. What throws, or is neither true nor false, cannot be told. */
export function celTest(text: string, facts: FactTable): Test {
  const expression = celOver(facts.kinds).parse(text);
  const names = "run" in expression ? expression.names : [];
  const readers = names.map((name): readonly [string, (row: FactRow) => ReadFact] => [name, facts.readerOf(name)]);
  const run = "run" in expression ? expression.run : (): undefined => undefined;
  return {
    holds(row) {
      const context: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (const [name, read] of readers) {
        const value = valueOf(name, read(row));
        if (value !== undefined) context[name] = value;
      }
      try {
        const result = run(context);
        return typeof result === "boolean" ? result : undefined;
      } catch {
        return undefined;
      }
    },
    because(row, held) {
      const seen = readers.flatMap(([name, read]) => inWords(name, read(row)));
      const facts = seen.length === 0 ? "" : ` with ${listed(seen, String)}`;
      return [`${quoted(text)} ${held ? "holds" : "does not hold"}${facts}`];
    },
    doubts(row) {
      const doubts = readers.flatMap(([name, read]) => {
        const seen = read(row);
        if (seen.kind === "unknown") return [seen.doubt];
        return valueOf(name, seen) === undefined ? [`${name} has more than ${CEL_LIMITS.tags} entries`] : [];
      });
      return doubts.length > 0 ? doubts : [`${quoted(text)} fails`];
    },
  };
}

function valueOf(name: string, seen: ReadFact): unknown {
  if (seen.kind === "amount") return { value: seen.value, currency: seen.currency };
  if (seen.kind === "tags") return seen.value.size > CEL_LIMITS.tags ? undefined : [...seen.value];
  if (seen.kind === "number" && seen.whole === true) return BigInt(seen.value);
  return seen.kind === "number" || seen.kind === "string" || seen.kind === "boolean" ? seen.value : undefined;
}

function inWords(name: string, seen: ReadFact): string[] {
  if (seen.kind === "amount") return [`${name} ${seen.value} ${seen.currency}`];
  if (seen.kind === "string") return [`${name} ${quoted(seen.value)}`];
  return seen.kind === "number" || seen.kind === "boolean" ? [`${name} ${seen.value}`] : [];
}

// Regular expressions of JavaScript can take for ever, and so can loops inside loops.
function refusedIn(node: ASTNode, inLoop: boolean): CelProblem | undefined {
  const name = node.op === "call" || node.op === "rcall" ? node.args[0] : "";
  const offset = node.start;
  if (name === "matches") {
    return {
      text: "`matches` is refused, for a regular expression can take for ever; use `startsWith`, `contains` or `==`",
      offset,
    };
  }
  const isLoop = node.op === "rcall" && MACROS.has(name);
  if (isLoop && inLoop)
    return { text: `\`${name}\` inside another loop is refused, for loops in loops take too long`, offset };
  const inner = node.op === "rcall" ? node.args[2] : [];
  for (const part of partsOf(node)) {
    const refused = refusedIn(part, inLoop || (isLoop && inner.includes(part)));
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function collectNames(node: ASTNode, names: Set<string>): void {
  if (node.op === "id") names.add(node.args);
  for (const part of partsOf(node)) collectNames(part, names);
}

/** The nodes directly under a node, whatever its kind. */
function partsOf(node: ASTNode): ASTNode[] {
  const nodes = (value: unknown): ASTNode[] => {
    if (Array.isArray(value)) return value.flatMap(nodes);
    return typeof value === "object" && value !== null && "op" in value ? [value as ASTNode] : [];
  };
  return nodes(node.args);
}

function problemOf(error: unknown, text: string): CelProblem {
  const { summary, message, code, range } = error as {
    summary?: string;
    message?: string;
    code?: string;
    range?: { start: number; end: number };
  };
  const offset = Math.min(range?.start ?? 0, text.length);
  const said = (summary ?? message ?? "it cannot be read").split("\n")[0] ?? "";
  return code === "unknown_variable" && range !== undefined
    ? { text: said, unknown: text.slice(range.start, range.end), offset }
    : { text: said, offset };
}
