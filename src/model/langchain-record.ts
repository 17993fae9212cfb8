/**
 * Whether LangChain would take an object for its own notation: a number under `lc` beside a text under `type`, as in
 * `{ lc: 1, type: "constructor", id: […], kwargs: {…} }`. Its loaders, and with them every stock checkpoint saver,
 * build the class that such an object names, whoever wrote it; one that names none makes the whole thread unreadable.
 *
 * Runs no getter. A proxy may run its traps: check for proxies first.
 */
export function isLangChainRecord(object: object): boolean {
  return typeof ownValue(object, "lc") === "number" && typeof ownValue(object, "type") === "string";
}

function ownValue(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}
