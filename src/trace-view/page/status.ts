/** The state of broker and backend in words. Pure: the caller has the clock. */

import type { WatchedReceiver } from '../../sidecar/watched-receiver.js';
import { formatCount, plural } from '../format.js';
import type { BackendFacts } from './feed.js';

export type Mood = 'good' | 'waiting' | 'bad' | 'idle';

export interface Statement {
  readonly mood: Mood;
  /** One word, for who sees no colour. */
  readonly word: string;
  /** A sentence or two. */
  readonly text: string;
}

/** Makes text that quotes others fit to be shown. */
type Hide = (text: string) => string;

export function sayReceiver({ receiver, status }: WatchedReceiver, hide: Hide): Statement {
  const { state, name } = receiver;
  const { queue, broker } = status?.() ?? {};
  const what = queue === undefined ? name : queue;
  switch (state.kind) {
    case 'connecting':
      return { mood: 'waiting', word: 'connecting', text: `Connecting to consume ${what}.` };
    case 'consuming':
      return {
        mood: 'good',
        word: 'consuming',
        text: `Consuming ${what}${broker === undefined ? '' : ` on ${broker}`}.`,
      };
    case 'waiting':
      return state.isStandby === true
        ? { mood: 'idle', word: 'standing by', text: `Standing by: ${sentence(hide(state.reason))}` }
        : {
            mood: 'bad',
            word: 'waiting',
            text: `Waiting to consume ${what}: ${sentence(hide(state.reason))}`,
          };
    case 'ended':
      return { mood: 'idle', word: 'ended', text: 'Everything was read; nothing more comes.' };
  }
}

/** @param now milliseconds since the Unix epoch. */
export function sayBackend({ taken, failing }: BackendFacts, now: number, hide: Hide): Statement {
  if (failing !== undefined) {
    const since = ago(now - failing.since);
    return {
      mood: 'bad',
      word: 'not taking',
      text: `Not taking spans, first seen ${since}: ${sentence(hide(failing.reason))}`,
    };
  }
  if (taken === undefined) return { mood: 'idle', word: 'idle', text: 'Nothing has been sent to it yet.' };
  const text = `Took its last batch, ${plural(taken.spans, 'span')}, ${ago(now - taken.at)}.`;
  return { mood: 'good', word: 'taking', text };
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 days ago`. */
export function ago(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 2) return 'just now';
  if (seconds < 100) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${formatCount(Math.floor(hours / 24))} days ago`;
}

/** A reason, which may come from elsewhere, as the end of a sentence. */
function sentence(reason: string): string {
  const text = reason.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
