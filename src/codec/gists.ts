/**
 * What a notification says but for its ids, its time, its host and the parameters of its SQL, where that is no more than
 * its name, who speaks, and a statement: one object for each, so that what is made of one notification can be found
 * again for the next that says the same.
 *
 * They are found by `info`: the decoder shares one frozen object between messages that say the same there. Whoever
 * makes an `info` of their own has none, and a notification that was changed has that of what it says now.
 */

import type { PyObject } from './py-value.js';
import type { TraceEvent } from './trace-event.js';

export interface Gist {
  readonly name: string;
  readonly project: string;
  readonly service: string;
  /** That of `info.db`; undefined when `info` holds nothing but the host. */
  readonly statement: string | undefined;
}

/** Gists of one statement, or without any, beyond which there is something odd: it starts afresh. */
const MAX_GISTS = 1_024;

/** The gists of one statement, or of none. */
class Gists {
  private readonly known = new Map<string, Gist>();
  /** Often asked for again at once, and that is seen without a key. */
  private last: Gist | undefined;

  constructor(readonly statement: string | undefined) {}

  of({ name, project, service }: TraceEvent): Gist {
    const { last } = this;
    if (last !== undefined && last.name === name && last.service === service && last.project === project)
      return last;
    const key = `${project.length} ${service.length} ${project}${service}${name}`;
    this.last =
      this.known.get(key) ?? this.remember(key, { name, project, service, statement: this.statement });
    return this.last;
  }

  private remember(key: string, gist: Gist): Gist {
    if (this.known.size >= MAX_GISTS) this.known.clear();
    this.known.set(key, gist);
    return gist;
  }
}

/** Of notifications whose `info` holds nothing but the host. */
const HOST_ONLY = new Gists(undefined);

const gistsOf = new WeakMap<PyObject, Gists>();

/** To be called of each `info` that holds nothing but a host, and is frozen and shared. */
export function shareHostOnly(info: PyObject): void {
  gistsOf.set(info, HOST_ONLY);
}

/** Makes the `info`s that hold a statement, a host and nothing else: to be shared. */
export function infosOf(statement: string): (host: string) => PyObject {
  const gists = new Gists(statement);
  const db = Object.freeze({ statement });
  return (host) => {
    const info = Object.freeze({ db, host });
    gistsOf.set(info, gists);
    return info;
  };
}

/** @returns undefined when there is more to say, or nobody knows. */
export function gistOf(notification: TraceEvent): Gist | undefined {
  return findGists(notification)?.of(notification);
}

/** Whether a notification says nothing but who speaks where. False when nobody knows. */
export function saysNothing(notification: TraceEvent): boolean {
  return findGists(notification) === HOST_ONLY;
}

function findGists({ info, host }: TraceEvent): Gists | undefined {
  return info['host'] === host ? gistsOf.get(info) : undefined;
}
