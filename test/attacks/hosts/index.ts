import { devServerHost } from "./dev-server.js";
import type { Host, HostName } from "./host.js";
import { memoryHost } from "./memory.js";
import { postgresHost } from "./postgres.js";

/** Every host that the attacks run on. To add one, write it in a file of its own and list it here. */
export const hosts: readonly { name: HostName; open: () => Promise<Host>; isSlow?: true }[] = [
  { name: "MemorySaver", open: () => memoryHost() },
  { name: "PostgresSaver", open: () => postgresHost() },
  // Each way is tried there with one of the verdicts only.
  { name: "langgraphjs dev", open: devServerHost, isSlow: true },
];
