import { FOLDERS, type Folder } from "../../../graphs/mail-moderation/maildir.js";

/** A message of the kill test, and what is to become of it. */
export interface Message {
  id: string;
  raw: Buffer;
  to: Folder;
  sender: string;
}

/** Messages of 2 to 40 kB for every folder, some of them left where they arrive. */
export const MESSAGES: readonly Message[] = Array.from({ length: 600 }, (_, n) => ({
  id: `message-${String(n).padStart(3, "0")}`,
  raw: Buffer.from(`Subject: ${n}\n\n${`line ${n}\n`.repeat(200 + (n % 20) * 200)}`),
  to: FOLDERS[n % FOLDERS.length] ?? "incoming",
  sender: `sender${n % 40}@example.org`,
}));
