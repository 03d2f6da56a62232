/**
 * Decorated functions and classes, remote procedure calls among them.
 *
 * Facts: `osprofiler.profiler.trace*` start with `function{name, args, kwargs}`: the dotted Python name, and the
 * arguments as Python reprs unless hidden; they stop with `function{result}` unless hidden. Services choose the trace
 * point's name: `rpc` for the methods that oslo.messaging dispatches to, and for the clients that call them.
 * Conventions: opentelemetry semantic-conventions, code attributes (stable) and RPC spans; `oslo_messaging` is a
 * custom `rpc.system.name`, and `rpc.method` is the method as oslo.messaging has it on the wire.
 */
import { SpanKind } from '@opentelemetry/api';
import { type Convention, isAnything, isText, textOf } from './convention.js';
import type { SpanDraft } from './draft.js';
import { functionName, functionParts, isClientClass } from './function-name.js';
import { putLeaves } from './leaves.js';

export const functionCall: Convention = {
  infoKey: 'function',
  fields: { name: isText, args: isText, kwargs: isText, result: isAnything },
  switches: { args: 'keepsArguments', kwargs: 'keepsArguments', result: 'keepsResults' },
  describe(draft, start, stop, { main }) {
    const full = textOf(start, 'name');
    draft.name = functionName(full) ?? main.name;
    draft.kind = kindOf(main.name, full);
    if (main.name === 'rpc') {
      draft.put('rpc.system.name', 'oslo_messaging');
      const called = functionParts(full);
      // A function outside a class is what a decorator made of the method, and not called as that is.
      if (called?.class !== undefined) draft.put('rpc.method', called.method);
    }
    if (full !== '') draft.put('code.function.name', full);
    putArguments(draft, textOf(start, 'args'), textOf(start, 'kwargs'));
    if (draft.redact.keepsResults && Object.hasOwn(stop, 'result')) {
      putLeaves(draft, 'osprofiler.function.result', 'result', stop['result'] ?? null);
    }
  },
};

function kindOf(pointName: string, full: string): SpanKind {
  if (pointName === 'rpc') return isClientClass(full) ? SpanKind.CLIENT : SpanKind.SERVER;
  return pointName.endsWith('_api') ? SpanKind.CLIENT : SpanKind.INTERNAL;
}

function putArguments(draft: SpanDraft, args: string, kwargs: string): void {
  if (!draft.redact.keepsArguments) return;
  if (args !== '') draft.put('osprofiler.function.args', draft.redact.text(args));
  if (kwargs !== '') draft.put('osprofiler.function.kwargs', draft.redact.text(kwargs));
}
