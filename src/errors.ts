/**
 * The one class of errors that users see. Codes are stable: scripts may match on them, and docs/errors.md explains each.
 * Expected failures inside the house are values, not exceptions; a thrown error of another class is a bug.
 */

/** Every code there is, with the exit status of the command that ends on it. */
export const ERROR_CODES = {
  /** A flag, an environment variable or a line of the settings file is wrong. */
  CONFIG_INVALID: 2,
  /** The settings file, or a service's own file, cannot be read or parsed. */
  CONFIG_UNREADABLE: 2,
  /** A recording cannot be opened or read. */
  INPUT_UNREADABLE: 3,
  /** Output (a recording being made) cannot be written. */
  OUTPUT_UNWRITABLE: 3,
  /** Not everything that was read has been taken by the backend. */
  NOT_ALL_TAKEN: 4,
  /** The deadline for draining passed with exports still in flight; the broker gives their notifications out again. */
  DRAIN_INCOMPLETE: 5,
  /** A broker cannot be reached, or refuses, and the command does its work once and does not wait. */
  BROKER_UNUSABLE: 6,
  /** The HTTP server cannot listen where it is told to. */
  LISTEN_FAILED: 7,
  /** `doctor` found something that has to be put right. */
  FAULTS_FOUND: 8,
  /** The shards of the former layout are not empty yet. Run the command again: it finishes what it began. */
  RESHARD_INCOMPLETE: 9,
  /** The version of Node.js is older than this package needs. */
  NODE_UNSUPPORTED: 10,
  /** `compare`: the condition of `--fail-if` holds. */
  SLOWER: 11,
} as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code, what went wrong and where (the message), and what to do about it (the hint). */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The exit status that a command ends with on this error. */
  get exitStatus(): number {
    return ERROR_CODES[this.code];
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
