import assert from "node:assert/strict";
import { canonicalJson } from "../../model/canonical-json.js";
import { digest } from "../../model/digest.js";
import type { Json } from "../../model/proposal.js";
import type { Ledger } from "../../ledger/ledger.js";
import { auditId, caseRecordText } from "../../model/case.js";
import { reread, type Check } from "./check.js";
import { askRequest, claimed, decided, draft, reviewer, routed, routeRequest, settleRequest } from "./specimens.js";

const AWKWARD: Record<string, Json> = {
  "quotes and backslashes": `"'\`\\ \\u0000 $1 %s ?`,
  "control characters, NUL included": "\0\u0001\b\t\n\f\r\u001b[31m\u007f",
  "line and paragraph separators": "a\u2028b\u2029c\u0085d",
  "emoji, joiners and combining marks": "👩‍👩‍👧‍👦 é e\u0301 🇬🇧 ﷽",
  "invisible and right-to-left characters": "\u202eabc\u200b\ufeff\u2066",
  "unassigned and private characters": "\uffff\ufffe\u{10ffff}\ue000",
  "small and large numbers": [
    0.1, 5e-324, 1e-7, 2.2250738585072014e-308, 9007199254740991, -9007199254740991, 0.30000000000000004,
  ],
  "negative zero and whole numbers": [-0, 0, 1, -1, 100, 1.5e10],
  "empty things": [[], {}, "", [[]], [{}], { "": {} }],
  "awkward keys": { "": 1, "\0": 2, 'a"b': 3, constructor: 4, toString: 5, "2": 6, "10": 7, é: 8, "😀": 9 },
  "JSON within strings": '{"a":null}',
  "truth and nothing": [true, false, null],
};

/** What strings and numbers survive. */
export function valuesContract(check: Check): void {
  for (const [title, value] of Object.entries(AWKWARD)) {
    check(`arguments, context, facts and results keep ${title}`, async (ledger) => keeps(ledger, value));
  }

  check("an entry of any size up to the limit survives", async (ledger) => {
    await keeps(ledger, "ü".repeat(5_000));
  });

  check("names, notes and reasons keep any text without a NUL", async (ledger) => {
    const text = "“O'Brien” \\ 😀 \u2028 \u202e \u0001 \u{10ffff}";
    const options = { agent: text, requestedBy: text, threadId: text, action: text };
    const open = await ledger.ask({ ...askRequest(await routed(ledger, "review", options)), reason: `${text}\0` });
    const by = { ...reviewer(), name: text, roles: [text, "\0"] };
    const held = await decided(ledger, open, "approve", { by, note: text });
    const { agent, requestedBy, threadId, action } = held.proposal;
    assert.deepEqual({ agent, requestedBy, threadId, action }, options);
    assert.deepEqual([held.decisions[0]?.by, held.decisions[0]?.note], [by, text]);
    const [entry] = (await ledger.auditRows({ afterSeq: 0, limit: 1, proposalId: held.proposal.id })).map(
      (row) => row.entry,
    );
    assert.equal((JSON.parse(entry ?? "") as { data: { agent: string } }).data.agent, text);
  });
}

/** Puts a value into every place that takes any JSON and looks for it, and its digest, on the way back. */
async function keeps(ledger: Ledger, value: Json): Promise<void> {
  const args = { value };
  const made = draft({ args, context: [value] });
  const first = await ledger.propose(made);
  assert.equal(canonicalJson(first.round.args), canonicalJson(args));
  assert.equal(digest(first.round.args), made.round.argsDigest);
  assert.equal(digest(first.round.display), made.round.displayDigest);
  const request = routeRequest(first, "review");
  await ledger.route({ ...request, routing: { ...request.routing, explanation: JSON.stringify(value) } });
  const open = await ledger.ask(askRequest(first));
  const modified = await decided(ledger, open, "modify", { args: { ...args, again: value } });
  assert.equal(digest(modified.round.args), modified.round.argsDigest);
  assert.equal(modified.permit?.argsDigest, digest({ value, again: value }));
  assert.equal((await ledger.undelivered({ limit: 10 })).length, 1);
  const running = await claimed(ledger, modified);
  const settling = settleRequest(running, "worker-1");
  assert.ok(settling.outcome.status === "executed");
  const result = JSON.parse(JSON.stringify(value)) as Json;
  const ended = await ledger.settle({ ...settling, outcome: { ...settling.outcome, result } });
  assert.ok(ended.outcome?.status === "executed");
  assert.equal(canonicalJson(ended.outcome.result), canonicalJson(value));
  const now = await reread(ledger, ended);
  const record = await ledger.caseRecordText(auditId(ended.proposal.id));
  assert.equal(record?.text, caseRecordText(now));
  assert.equal(
    digest((JSON.parse(record.text) as { agent_action: { args: Json } }).agent_action.args),
    now.round.argsDigest,
  );
}
