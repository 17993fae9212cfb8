import type { Host } from "../victim.js";
import { memoryHost } from "./memory.js";
import { postgresHost } from "./postgres.js";

/** Every host that the attacks run on. To add one, write it in a file of its own and list it here. */
export const hosts: readonly { name: string; open: () => Promise<Host> }[] = [
  { name: "MemorySaver", open: memoryHost },
  { name: "PostgresSaver", open: postgresHost },
];
