/** The graphs that trust their `interrupt()`, one for each shape, as `langgraphjs dev` serves them. */
import { shapes } from "../shapes.js";
import { plainGraph } from "../victims/plain-graph.js";
import * as surroundings from "./surroundings.js";

export const one = plainGraph(surroundings, shapes.one).compile();
export const open = plainGraph(surroundings, shapes.open).compile();
export const twoPayments = plainGraph(surroundings, shapes.twoPayments).compile();
export const twoGates = plainGraph(surroundings, shapes.twoGates).compile();
export const sideBySide = plainGraph(surroundings, shapes.sideBySide).compile();
export const openSideBySide = plainGraph(surroundings, shapes.openSideBySide).compile();
export const cacheAround = plainGraph(surroundings, shapes.cacheAround).compile();
export const handlerAround = plainGraph(surroundings, shapes.handlerAround).compile();
