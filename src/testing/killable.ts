/** Something that works until it is killed, and works again when it is started again. */
export interface Killable {
  /** Starts it. Settles once it works. */
  start(): Promise<void>;
  /**
   * Kills it without giving it a chance to do anything more. Settles once it is dead.
   *
   * @throws AssentError `program_failed` if it had ended by itself.
   */
  kill(): Promise<void>;
  /**
   * Asks it to end. Settles once it has.
   *
   * @throws AssentError `program_failed` if it had ended by itself, or ends as if it had failed.
   */
  stop(): Promise<void>;
}
