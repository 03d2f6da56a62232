/** `report`: why the traces of recordings were slow, in the terminal. */
import type { Settings } from '../../settings/settings.js';
import { criticalPath, pathSteps } from '../../trace-view/critical-path.js';
import { operationsOf, repeatedQueries } from '../../trace-view/operations.js';
import { renderReport } from '../../trace-view/terminal/report.js';
import { columnsOf, wantsColour } from '../../trace-view/terminal/text.js';
import type { Trace } from '../../trace-view/trace.js';
import type { CommandContext } from '../context.js';
import { recordedTraces } from '../recorded-traces.js';

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const { stdout, env } = context;
  const traces = await recordedTraces(settings.operands, settings, context);
  const text = settings.json
    ? `${JSON.stringify({ traces: traces.map(asJson) }, undefined, 2)}\n`
    : renderReport(traces, {
        columns: columnsOf(stdout, env),
        colour: settings.color ?? wantsColour(stdout, env),
      });
  stdout.write(text);
  return 0;
}

/** Times are microseconds. */
function asJson(trace: Trace) {
  const { nodes, startMicros, lastMicros } = trace;
  const failed = nodes.filter(({ span }) => span.error !== undefined);
  return {
    traceId: nodes[0]?.span.traceId,
    spans: nodes.length,
    micros: lastMicros - startMicros,
    criticalPath: pathSteps(criticalPath(trace)).map(({ node: { span }, micros }) => ({
      ...{ service: span.service, name: span.name, spanId: span.spanId },
      ...{ atMicros: span.startMicros - startMicros, micros },
    })),
    operations: operationsOf(nodes),
    repeatedQueries: repeatedQueries(nodes),
    errors: failed.map(({ span: { service, name, spanId, error } }) => ({ service, name, spanId, ...error })),
  };
}
