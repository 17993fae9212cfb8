/** A JSON Schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

/** One field of a form, in words. */
export interface FormField {
  /** Where it stands, such as `client.name`; empty for the whole. */
  name: string;
  words: string;
}

/** How deep a form is told; what refers to itself has no end. */
const DEPTH_MAX = 6;

/** What a schema asks for, field by field. */
export function fieldsOf(schema: JsonSchema): FormField[] {
  return fieldsIn(schema, { root: schema, name: "", more: "", depth: 0 });
}

interface Within {
  root: JsonSchema;
  name: string;
  /** What is said of it besides its type. */
  more: string;
  depth: number;
}

function fieldsIn(part: JsonSchema, { root, name, more, depth }: Within): FormField[] {
  const schema = resolved(part, root);
  const description = [part["description"], schema["description"]].find((text) => typeof text === "string");
  const own: FormField = {
    name,
    words: `${wordsFor(schema, root, depth)}${more}${description === undefined ? "" : `: ${description}`}`,
  };
  const properties = Object.entries(propertiesOf(schema));
  if (properties.length === 0 || depth >= DEPTH_MAX) return [own];
  const inside = properties.flatMap(([key, property]) =>
    fieldsIn(property, {
      root,
      name: name === "" ? key : `${name}.${key}`,
      more: isRequired(schema, key) ? ", required" : ", may be left out",
      depth: depth + 1,
    }),
  );
  return name === "" && description === undefined ? inside : [own, ...inside];
}

/** A type in words, with what it may be. */
function wordsFor(part: JsonSchema, root: JsonSchema, depth: number): string {
  const schema = resolved(part, root);
  if (depth > DEPTH_MAX) return "more of the same";
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (Array.isArray(schema["enum"])) return `one of ${schema["enum"].map((each) => JSON.stringify(each)).join(", ")}`;
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) {
    return alternatives.map((each) => inlineWords(each, root, depth + 1)).join(" or ");
  }
  switch (schema["type"]) {
    case "string":
      return `text${formatOf(schema)}`;
    case "integer":
      return `whole number${boundsOf(schema)}`;
    case "number":
      return `number${boundsOf(schema)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `list of ${inlineWords(asSchema(schema["items"]), root, depth + 1)}`;
    case "object":
      return "object";
    default:
      return "anything";
  }
}

/** The same where fields have no lines of their own. */
function inlineWords(part: JsonSchema, root: JsonSchema, depth: number): string {
  const schema = resolved(part, root);
  const properties = Object.entries(propertiesOf(schema));
  if (properties.length === 0 || depth > DEPTH_MAX) return wordsFor(schema, root, depth);
  const fields = properties.map(
    ([key, property]) => `${key}${isRequired(schema, key) ? "" : "?"}: ${inlineWords(property, root, depth + 1)}`,
  );
  return `{ ${fields.join(", ")} }`;
}

/** What fits a schema, as small as it may be; undefined where that is not plain. */
export function exampleOf(schema: JsonSchema): unknown {
  return exampleIn(schema, schema, 0);
}

function exampleIn(part: JsonSchema, root: JsonSchema, depth: number): unknown {
  const schema = resolved(part, root);
  if (depth > DEPTH_MAX) return undefined;
  for (const word of ["default", "const"]) if (word in schema) return schema[word];
  for (const word of ["examples", "enum"]) if (Array.isArray(schema[word])) return (schema[word] as unknown[])[0];
  const [first] = alternativesOf(schema);
  if (first !== undefined) return exampleIn(first, root, depth + 1);
  switch (schema["type"]) {
    case "string":
      return TEXTS[String(schema["format"])] ?? "text".padEnd(numberOf(schema["minLength"]) ?? 0, ".");
    case "integer":
    case "number":
      return numberIn(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    case "array": {
      const item = exampleIn(asSchema(schema["items"]), root, depth + 1);
      return item === undefined ? [] : Array.from({ length: numberOf(schema["minItems"]) ?? 1 }, () => item);
    }
    case "object": {
      const all = Object.entries(propertiesOf(schema));
      const needed = all.filter(([key]) => isRequired(schema, key));
      const shown = needed.length === 0 ? all : needed;
      return Object.fromEntries(shown.map(([key, property]) => [key, exampleIn(property, root, depth + 1)]));
    }
    default:
      return undefined;
  }
}

const TEXTS: Readonly<Record<string, string>> = {
  email: "ana@example.com",
  uri: "https://example.com",
  date: "2027-01-31",
  "date-time": "2027-01-31T09:00:00Z",
  time: "09:00:00",
};

function numberIn(schema: JsonSchema): number {
  const [least, above] = [numberOf(schema["minimum"]), numberOf(schema["exclusiveMinimum"])];
  const [most, below] = [numberOf(schema["maximum"]), numberOf(schema["exclusiveMaximum"])];
  const isAbove = (least ?? 0) <= 0 && (above ?? -1) < 0;
  const isBelow = (most ?? 0) >= 0 && (below ?? 1) > 0;
  if (isAbove && isBelow) return 0;
  if (!isAbove) return least ?? (above ?? 0) + 1;
  return most ?? (below ?? 0) - 1;
}

/** Between which numbers; what is nothing but the end of what is exact is not said. */
function boundsOf(schema: JsonSchema): string {
  const told = (word: string, name: string): string[] => {
    const bound = numberOf(schema[word]);
    return bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? [] : [`${name} ${bound}`];
  };
  const bounds = [
    ...told("minimum", "at least"),
    ...told("exclusiveMinimum", "above"),
    ...told("maximum", "at most"),
    ...told("exclusiveMaximum", "below"),
  ];
  return bounds.length === 0 ? "" : ` (${bounds.join(", ")})`;
}

function formatOf(schema: JsonSchema): string {
  const { format, pattern, minLength, maxLength } = schema;
  const told = [
    ...(typeof format === "string" ? [format] : []),
    // The pattern of a format says the same in more words.
    ...(typeof pattern === "string" && typeof format !== "string" ? [`matching ${pattern}`] : []),
    ...(typeof minLength === "number" ? [`${minLength} characters at least`] : []),
    ...(typeof maxLength === "number" ? [`${maxLength} at most`] : []),
  ];
  return told.length === 0 ? "" : ` (${told.join(", ")})`;
}

/** What a reference means, as far as it can be followed. */
function resolved(part: JsonSchema, root: JsonSchema): JsonSchema {
  const { $ref } = part;
  const [, name] = typeof $ref === "string" ? (/^#\/\$defs\/([^/]+)$/.exec($ref) ?? []) : [];
  return name === undefined ? part : asSchema(asSchema(root["$defs"])[name]);
}

function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const listed = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(listed) ? listed.map(asSchema) : [];
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  const properties = Object.entries(asSchema(schema["properties"]));
  return Object.fromEntries(properties.map(([key, property]) => [key, asSchema(property)]));
}

function isRequired(schema: JsonSchema, key: string): boolean {
  return Array.isArray(schema["required"]) && schema["required"].includes(key);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? (value as JsonSchema) : {};
}
