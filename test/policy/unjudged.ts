import type { HistoryQuery, PolicyInput } from "../../src/model/facts.js";
import type { Routing } from "../../src/model/routing.js";
import { digest } from "../../src/model/digest.js";
import type { PolicyDocument } from "../../src/policy/document.js";
import { compilePolicy } from "../../src/policy/evaluate.js";
import { queriesOf } from "../../src/policy/history.js";
import { Problems } from "../../src/policy/problems.js";
import { readPolicy } from "../../src/policy/read-policy.js";
import { type FactDeclarations, type NoFacts, POLICY_LIMITS, type PolicySource } from "../../src/policy/source.js";
import { treeOf } from "../../src/policy/tree.js";

/** A policy that was read and compiled without asking whether more risk may be routed laxer. */
export interface Unjudged {
  readonly digest: string;
  readonly source: PolicyDocument;
  readonly history: readonly HistoryQuery[];
  readonly evaluate: (input: PolicyInput) => Routing;
}

/**
 * Reads and compiles a policy that need not keep the promise about more risk, for tests of what conditions and rules
 * mean. Everything else that is wrong with it is still an error.
 */
export function unjudged<F extends FactDeclarations = NoFacts>(source: PolicySource<F>): Unjudged {
  const problems = new Problems();
  const { document } = readPolicy(treeOf(source, problems), problems);
  problems.throwIfAny();
  const named = digest(document, { maxBytes: POLICY_LIMITS.bytes });
  return { digest: named, source: document, history: queriesOf(document), evaluate: compilePolicy(document, named) };
}
