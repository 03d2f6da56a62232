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
import { flatten } from './flatten.js';
import { functionName, functionParts, isClientClass } from './function-name.js';
import type { SpanBuilder } from './span-builder.js';

export const functionCall: Convention = {
  infoKey: 'function',
  fields: { name: isText, args: isText, kwargs: isText, result: isAnything },
  switches: { args: 'keepsArguments', kwargs: 'keepsArguments', result: 'keepsResults' },
  describe(builder, start, stop, { main }) {
    const full = textOf(start, 'name');
    builder.name = functionName(full) ?? builder.redact.text(main.name);
    builder.kind = kindOf(main.name, full);
    if (main.name === 'rpc') {
      builder.put('rpc.system.name', 'oslo_messaging');
      const called = functionParts(full);
      // A function outside a class is what a decorator made of the method, and not called as that is.
      if (called?.class !== undefined) builder.put('rpc.method', called.method);
    }
    if (full !== '') builder.put('code.function.name', full);
    putArguments(builder, full, textOf(start, 'args'), textOf(start, 'kwargs'));
    if (builder.redact.keepsResults && Object.hasOwn(stop, 'result')) {
      flatten(builder, 'osprofiler.function.result', 'result', stop['result'] ?? null);
    }
  },
};

function kindOf(pointName: string, full: string): SpanKind {
  if (pointName === 'rpc') return isClientClass(full) ? SpanKind.CLIENT : SpanKind.SERVER;
  return pointName.endsWith('_api') ? SpanKind.CLIENT : SpanKind.INTERNAL;
}

function putArguments(builder: SpanBuilder, name: string, args: string, kwargs: string): void {
  if (!builder.redact.keepsArguments) return;
  if (args !== '') builder.put('osprofiler.function.args', builder.redact.arguments(name, args));
  if (kwargs !== '') builder.put('osprofiler.function.kwargs', builder.redact.text(kwargs));
}
