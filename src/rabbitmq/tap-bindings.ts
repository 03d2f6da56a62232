/**
 * Keeps a tap's queue bound to OpenStack's exchanges. They come and go: each is declared by a service with its first
 * notification, most are not durable, and one that is declared anew has lost its bindings. So all are looked at again
 * every few seconds, and what cannot be seen is said once a change.
 */
import type { Log } from '../contracts.js';
import { messageOf } from '../errors.js';
import { pause } from '../pause.js';
import type { BrokerConnection } from './connection.js';
import { codeOf, explain } from './hints.js';
import { bindIfPresent } from './topology.js';

export interface TapBindingsOptions {
  readonly exchanges: readonly string[];
  readonly routingKeys: readonly string[];
  readonly recheckMs: number;
  readonly log: Log;
}

/** Names of exchanges, in the order of the settings. */
export interface BindingReport {
  readonly bound: readonly string[];
  /** Not there (yet). */
  readonly missing: readonly string[];
  /** There, but the user may not bind to them. */
  readonly refused: readonly string[];
}

export class TapBindings {
  #report: BindingReport = { bound: [], missing: [], refused: [] };
  #said = '';

  constructor(private readonly options: TapBindingsOptions) {}

  get report(): BindingReport {
    return this.#report;
  }

  /** Binds what is there now. Rejects when the connection is lost or the broker fails in an unknown way. */
  async bind(connection: BrokerConnection, queue: string): Promise<void> {
    const bound: string[] = [];
    const missing: string[] = [];
    const refused: string[] = [];
    let hint = '';
    for (const exchange of this.options.exchanges) {
      try {
        const present = await bindIfPresent(connection, queue, exchange, this.options.routingKeys);
        (present ? bound : missing).push(exchange);
      } catch (error) {
        if (codeOf(error) !== '403') throw error;
        refused.push(exchange);
        hint = explain(error, connection.where, queue).hint;
      }
    }
    this.#report = { bound, missing, refused };
    this.#announce(queue, hint);
  }

  /** Binds again and again until `ended` is aborted. Never rejects. */
  async keep(connection: BrokerConnection, queue: string, ended: AbortSignal): Promise<void> {
    while (!ended.aborted && connection.open) {
      await pause(this.options.recheckMs, ended, connection.gone);
      if (ended.aborted || !connection.open) return;
      try {
        await this.bind(connection, queue);
      } catch (error) {
        this.options.log.debug({ queue, error: messageOf(error) }, 'bindings could not be looked at');
      }
    }
  }

  #announce(queue: string, hint: string): void {
    const { bound, missing, refused } = this.#report;
    const state = JSON.stringify(this.#report);
    if (state === this.#said) return;
    this.#said = state;
    const fields = { queue, bound, missing, refused };
    if (refused.length > 0) {
      this.options.log.warn(
        { ...fields, hint },
        `may not bind to ${refused.join(', ')}: their notifications are not seen`,
      );
    } else if (missing.length > 0) {
      this.options.log.info(fields, `not there yet, bound as soon as they appear: ${missing.join(', ')}`);
    } else {
      this.options.log.info(fields, 'bound to every exchange');
    }
  }
}
