/**
 * SQL statements.
 *
 * Facts: `osprofiler/sqlalchemy.py` starts with `db{statement, params}`: the parameterised text and its parameters (a
 * dict, a list, or a list of either for executemany), and stops with nothing, with `db{result}` when results are
 * hidden from nobody, or on an error with `etype, message, db{original_exception, chained_exception}`. The engine is
 * not said. Nine in ten notifications are these.
 * Conventions: opentelemetry semantic-conventions, database spans (stable).
 */
import { SpanKind } from '@opentelemetry/api';
import { isObject, type PyValue } from '../python-json/parse.js';
import { type Convention, isAnything, isText, textOf } from './convention.js';
import { flatten, SECRET } from './flatten.js';
import { isNamedSecret, isSecretKey } from './masking/mask.js';
import { memo } from './memo.js';
import type { SpanBuilder } from './span-builder.js';
import { type ParameterColumns, sqlParameterColumns } from './sql/parameters.js';
import { summarizeSql } from './sql/summary.js';

const summaryOf = memo(summarizeSql);
const columnsOf = memo(sqlParameterColumns);

export const db: Convention = {
  infoKey: 'db',
  fields: { statement: isText, params: isAnything, result: isAnything },
  switches: { params: 'keepsSqlParameters', result: 'keepsResults' },
  describe(builder, start, stop, { main }) {
    const statement = textOf(start, 'statement');
    const params = start['params'] ?? null;
    const batchSize = batchSizeOf(params);
    const operation = summaryOf(statement);
    const summary = batchSize > 1 && operation !== '' ? `BATCH ${operation}` : operation;
    builder.kind = SpanKind.CLIENT;
    builder.name = summary || builder.redact.text(main.name);
    builder.put('db.system.name', builder.options.dbSystem);
    if (statement !== '') builder.put('db.query.text', builder.redact.statement(statement));
    if (summary !== '') builder.put('db.query.summary', summary);
    if (batchSize > 1) builder.put('db.operation.batch.size', batchSize);
    else if (builder.redact.keepsSqlParameters) putParameters(builder, params, columnsOf(statement));
    if (builder.redact.keepsResults && Object.hasOwn(stop, 'result')) {
      flatten(builder, 'osprofiler.db.result', 'result', stop['result'] ?? null);
    }
  },
};

/** How many rows an executemany has, which sends a list of lists or objects; 0 for a single execution. */
function batchSizeOf(params: PyValue): number {
  return Array.isArray(params) && params.every(isContainer) ? params.length : 0;
}

/** `db.query.parameter.<key>` as text: the name, or the index from 0. */
function putParameters(builder: SpanBuilder, params: PyValue, columns: ParameterColumns): void {
  const row = batchSizeOf(params) === 1 ? (params as PyValue[])[0]! : params;
  if (!isContainer(row)) return;
  const parameters = Object.entries(row).map(([key, value]) => {
    const column = Array.isArray(row) ? columns.positional[Number(key)] : columns.named.get(key);
    return { key, column: column ?? key, value };
  });
  const members = parameters.map(({ column, value }) => [column, value] as const);
  for (const { key, column, value } of parameters) {
    const isSecret = isSecretKey(column) || isNamedSecret(column, members);
    flatten(builder, `db.query.parameter.${key}`, isSecret ? SECRET : key, value, { asText: true });
  }
}

function isContainer(value: PyValue): value is PyValue[] | { [key: string]: PyValue } {
  return Array.isArray(value) || isObject(value);
}
