/**
 * Every way in which Assent says no, as one closed table. A code never changes its meaning; new codes are added at
 * the end of their group. `http` is the status an HTTP service answers with, `retryable` says whether the same call
 * may succeed later without anybody changing its input.
 */
export const ERROR_CODES = {
  // values and digests
  json_invalid: { http: 400, retryable: false, title: "The value has no canonical JSON form" },
  json_too_deep: { http: 413, retryable: false, title: "The value is nested too deeply" },
  json_too_large: { http: 413, retryable: false, title: "The value is too large" },

  // declarations
  action_invalid: { http: 500, retryable: false, title: "An action is declared wrongly" },
  action_unknown: { http: 422, retryable: false, title: "No such action is declared" },
  args_invalid: { http: 422, retryable: false, title: "The arguments do not fit the action" },
  facts_invalid: { http: 422, retryable: false, title: "The facts cannot be read by a policy" },
  config_invalid: { http: 500, retryable: false, title: "Assent is set up wrongly" },

  // policy
  authority_invalid: { http: 400, retryable: false, title: "The authority document cannot be loaded" },
  policy_invalid: { http: 422, retryable: false, title: "The policy cannot be loaded" },
  policy_unsupported: { http: 422, retryable: false, title: "The policy asks for something not yet supported" },
  policy_unreadable: { http: 500, retryable: false, title: "The policy file cannot be read" },
  policy_cases_invalid: { http: 422, retryable: false, title: "Cases or proposals for a policy cannot be read" },

  // proposing
  outside_node: { http: 500, retryable: false, title: "Called outside a LangGraph node" },
  thread_missing: { http: 500, retryable: false, title: "The run has no thread" },
  key_required: { http: 500, retryable: false, title: "This place needs a proposal key" },
  proposal_unknown: { http: 404, retryable: false, title: "No such proposal" },
  proposal_conflict: { http: 409, retryable: false, title: "The proposal key is taken by another action" },

  // gates
  gate_invalid: { http: 500, retryable: false, title: "A gate is built wrongly" },
  interrupt_swallowed: { http: 500, retryable: false, title: "The pause did not reach LangGraph" },

  // reviewing and deciding
  reviewer_invalid: { http: 400, retryable: false, title: "What is said of a reviewer cannot be kept" },
  not_alike: { http: 409, retryable: false, title: "The reviews cannot be decided together" },
  query_invalid: { http: 400, retryable: false, title: "What is asked of the queue cannot be read" },
  cursor_invalid: { http: 400, retryable: false, title: "The cursor cannot be read" },
  review_claimed: { http: 409, retryable: true, title: "Somebody else looks at the review" },
  review_unknown: { http: 404, retryable: false, title: "No such review" },
  review_closed: { http: 409, retryable: false, title: "The review is already decided" },
  review_expired: { http: 409, retryable: false, title: "The time to decide is over" },
  not_allowed: { http: 403, retryable: false, title: "The policy asks for other people" },
  review_changed: { http: 409, retryable: false, title: "The review has changed since it was shown" },
  decision_invalid: { http: 422, retryable: false, title: "The decision cannot be read" },
  digest_mismatch: { http: 409, retryable: false, title: "What was shown is not what is recorded" },
  principal_unverified: { http: 401, retryable: false, title: "The principal comes from no accepted authenticator" },
  authentication_failed: { http: 401, retryable: false, title: "The person could not be authenticated" },
  decision_failed: { http: 503, retryable: true, title: "Something failed while a decision was made" },

  // keys
  keys_missing: { http: 500, retryable: false, title: "Verified trust needs keys" },
  keys_unreadable: { http: 500, retryable: false, title: "The keys cannot be read or written" },
  keys_invalid: { http: 500, retryable: false, title: "A key file is damaged" },
  keys_exist: { http: 409, retryable: false, title: "There are keys already" },
  key_unknown: { http: 404, retryable: false, title: "No such key" },

  // stages
  stage_invalid: { http: 422, retryable: false, title: "The stage or ceiling cannot be set" },

  // permits and effects
  permit_mismatch: { http: 403, retryable: false, title: "The permit is for something else" },
  claim_held: { http: 409, retryable: true, title: "Another worker is running this action" },
  claim_lost: { http: 409, retryable: true, title: "The claim on this action ran out" },
  not_started: { http: 503, retryable: true, title: "The action did not start" },
  agent_halted: { http: 409, retryable: true, title: "A person has halted this agent or action" },

  // storage
  ledger_unavailable: { http: 503, retryable: true, title: "The ledger cannot be reached" },
  ledger_conflict: { http: 409, retryable: true, title: "The ledger changed at the same moment" },
  ledger_outdated: { http: 500, retryable: false, title: "The ledger's schema does not fit this version" },
  ledger_volatile: { http: 500, retryable: false, title: "A memory ledger cannot serve this host" },
  postgres_unavailable: { http: 503, retryable: true, title: "Postgres cannot be started or reached" },

  // threads
  thread_stuck: { http: 500, retryable: false, title: "The thread does not move" },
  thread_busy: { http: 409, retryable: true, title: "The thread is perhaps being run" },
  thread_failed: { http: 502, retryable: true, title: "A run of the thread failed" },

  // command line
  usage: { http: 400, retryable: false, title: "The command cannot be read" },

  // testing
  program_failed: { http: 500, retryable: false, title: "A program under test ended by itself" },
} as const satisfies Record<string, { http: number; retryable: boolean; title: string }>;

/** A stable name for one kind of failure; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
