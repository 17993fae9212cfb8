/** Why a mailbox refuses: the message is in none of its folders, or an id or sender cannot be used. */
export type MailboxErrorCode = "message_missing" | "id_invalid" | "sender_invalid";

/** What a mailbox throws besides the file system's own errors. Nothing was changed when it does. */
export class MailboxError extends Error {
  readonly code: MailboxErrorCode;

  constructor(code: MailboxErrorCode, message: string) {
    super(message);
    this.name = "MailboxError";
    this.code = code;
  }
}
