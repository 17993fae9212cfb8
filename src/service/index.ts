/**
 * Bringing decisions to threads.
 *
 * @packageDocumentation
 */
export { createDelivery } from "./delivery.js";
export type { Delivered, Delivery, DeliveryOptions } from "./delivery.js";
export { inProcessThreads } from "./threads.js";
export type { AnyCompiledGraph, Threads, ThreadState } from "./threads.js";
