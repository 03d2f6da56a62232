/** What the page for people keeps. */
import { setting } from './definition.js';
import { count, size } from './kinds.js';

const WITH_PAGE = ['run', 'replay', 'demo'] as const;

export const PAGE = {
  pageTraces: setting({
    key: 'page.traces',
    flag: '--page-traces',
    argument: '<count>',
    kind: count(0, 10_000),
    default: 300,
    commands: WITH_PAGE,
    description: 'Recent traces that the page keeps; 0 keeps none.',
    example: '50',
  }),
  pageSpans: setting({
    key: 'page.spans',
    flag: '--page-spans',
    argument: '<count>',
    kind: count(2, 10_000_000),
    default: 100_000,
    commands: WITH_PAGE,
    description: 'Spans of all traces that the page keeps; one trace may have half of them.',
    example: '20000',
  }),
  pageMemory: setting({
    key: 'page.memory',
    flag: '--page-memory',
    argument: '<size>',
    kind: size(64 * 1024, 16 * 1024 ** 3),
    default: 64 * 1024 * 1024,
    commands: WITH_PAGE,
    description: 'Memory for the traces that the page keeps, about; when it is full the oldest traces go.',
    example: '16MiB',
  }),
};
