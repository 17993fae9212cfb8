/** The graph of the contract of threads, as `langgraphjs dev` serves it. */
import { threadsContractGraph } from "assent/testing";

export const graph = threadsContractGraph().compile();
