/** The graphs behind Assent's gate, one for each shape, as `langgraphjs dev` serves them. */
import { shapes } from "../shapes.js";
import { gatedGraph } from "../victims/gated-graph.js";
import * as surroundings from "./surroundings.js";

export const one = gatedGraph(surroundings, shapes.one).compile();
export const open = gatedGraph(surroundings, shapes.open).compile();
export const twoPayments = gatedGraph(surroundings, shapes.twoPayments).compile();
export const twoGates = gatedGraph(surroundings, shapes.twoGates).compile();
export const sideBySide = gatedGraph(surroundings, shapes.sideBySide).compile();
export const openSideBySide = gatedGraph(surroundings, shapes.openSideBySide).compile();
export const cacheAround = gatedGraph(surroundings, shapes.cacheAround).compile();
export const handlerAround = gatedGraph(surroundings, shapes.handlerAround).compile();
