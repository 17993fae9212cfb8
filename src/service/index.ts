/**
 * Bringing decisions to threads.
 *
 * @packageDocumentation
 */
export { createDelivery } from "./delivery.js";
export type { Delivered } from "./bring-forward.js";
export type { Delivery, DeliveryOptions } from "./delivery.js";
export { langgraphThreads } from "./langgraph-threads.js";
export type { LanggraphThreadsOptions } from "./langgraph-threads.js";
export { localThreads } from "./local-threads.js";
export type { AnyCompiledGraph, LocalThreadsOptions } from "./local-threads.js";
export type { Threads, ThreadState } from "./threads.js";
export { createWorker } from "./worker.js";
export type { Worker, WorkerEventMap, WorkerOptions } from "./worker.js";
export type { WorkerEvent } from "./worker-event.js";
export { defineConfig } from "./config.js";
export type { AssentConfig } from "./config.js";
