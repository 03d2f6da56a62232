/** The state of broker and backend in words. Pure: the caller has the clock. */
import type { WatchedReceiver } from '../../sidecar/watched-receiver.js';
import { ago, formatAge, plural } from '../format.js';
import type { BackendFacts } from './feed.js';

/** How a state looks: as it should be, soon as it should be, wrong, or nothing to do. */
export type Mood = 'good' | 'waiting' | 'bad' | 'idle';

export interface Status {
  readonly mood: Mood;
  /** A word or two, for who sees no colour. */
  readonly word: string;
  /** A sentence or two. */
  readonly text: string;
}

/** Removes credentials from text that quotes others. */
type Redact = (text: string) => string;

export function receiverStatus({ receiver, status }: WatchedReceiver, redact: Redact): Status {
  const { state, name } = receiver;
  const { queue = name, broker } = status?.() ?? {};
  switch (state.kind) {
    case 'connecting':
      return { mood: 'waiting', word: 'connecting', text: `Connecting to consume ${queue}.` };
    case 'consuming':
      return {
        mood: 'good',
        word: 'consuming',
        text: `Consuming ${queue}${broker === undefined ? '' : ` on ${broker}`}.`,
      };
    case 'waiting': {
      const reason = sentence(redact(state.reason));
      return state.isStandby === true
        ? { mood: 'idle', word: 'standby', text: `On standby: ${reason}` }
        : { mood: 'bad', word: 'waiting', text: `Waiting to consume ${queue}: ${reason}` };
    }
    case 'ended':
      return { mood: 'idle', word: 'ended', text: 'Everything has been read.' };
  }
}

/** @param now milliseconds since the Unix epoch. */
export function backendStatus({ accepted, failing }: BackendFacts, now: number, redact: Redact): Status {
  if (failing !== undefined) {
    const age = formatAge(now - failing.since);
    const reason = sentence(redact(failing.reason));
    const text = age === '' ? `Rejecting spans: ${reason}` : `Rejecting spans for ${age}: ${reason}`;
    return { mood: 'bad', word: 'rejecting', text };
  }
  if (accepted === undefined) return { mood: 'idle', word: 'idle', text: 'Nothing has been sent to it yet.' };
  const text = `Last batch accepted ${ago(now - accepted.at)} (${plural(accepted.spans, 'span')}).`;
  return { mood: 'good', word: 'accepting', text };
}

/** A reason, which may come from elsewhere, as the end of a sentence. */
function sentence(reason: string): string {
  const text = reason.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
