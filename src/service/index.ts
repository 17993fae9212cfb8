/**
 * Bringing decisions to threads.
 *
 * @packageDocumentation
 */
export { createDelivery } from "./delivery.js";
export type { Delivered, Delivery, DeliveryOptions } from "./delivery.js";
export { inProcessThreads } from "./threads.js";
export type { Threads, ThreadState } from "./threads.js";
