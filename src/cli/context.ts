/** What every command is given beside its settings. */
import type { Log } from '../contracts.js';
import type { Settings } from '../settings/settings.js';

/** The process as a command sees it, so that tests can hand in another. */
export interface CommandContext {
  readonly log: Log;
  /** For data: recordings, spans on the console. Logs never go here. */
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
  /**
   * Registers what the first SIGTERM, SIGINT or SIGHUP does. The second one leaves at once, with 128 + the signal's number.
   * With no handler registered the first one leaves at once too.
   */
  onStopSignal(handler: (signal: NodeJS.Signals) => void): void;
}

/** A command. Returns the exit status, or throws a `BridgeError` that carries one. */
export type Execute = (settings: Settings, context: CommandContext) => Promise<number>;
