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
import { isObject, type PyValue } from '../codec/python-json.js';
import { type Convention, isAnything, isText, textOf } from './convention.js';
import { flatten } from './flatten.js';
import { isSecretKey } from './masking/mask.js';
import { memo } from './memo.js';
import type { SpanBuilder } from './span-builder.js';
import { type ParameterColumns, sqlParameterColumns } from './sql/parameters.js';
import { summarizeSql } from './sql/summary.js';

const summary = memo(summarizeSql);
const columnsOf = memo(sqlParameterColumns);

export const db: Convention = {
  infoKey: 'db',
  fields: { statement: isText, params: isAnything, result: isAnything },
  switches: { params: 'keepsSqlParameters', result: 'keepsResults' },
  describe(builder, start, stop, { main }) {
    const statement = textOf(start, 'statement');
    const summarized = summary(statement);
    builder.kind = SpanKind.CLIENT;
    builder.name = summarized || main.name;
    builder.put('db.system.name', builder.options.dbSystem);
    if (statement !== '') builder.put('db.query.text', builder.redact.statement(statement));
    if (summarized !== '') builder.put('db.query.summary', summarized);
    if (builder.redact.keepsSqlParameters)
      putParameters(builder, start['params'] ?? null, columnsOf(statement));
    if (builder.redact.keepsResults && Object.hasOwn(stop, 'result')) {
      flatten(builder, 'osprofiler.db.result', 'result', stop['result'] ?? null);
    }
  },
};

/** `db.query.parameter.<key>`: the name, or the index from 0; for executemany `<row>.<key>`. */
function putParameters(builder: SpanBuilder, params: PyValue, columns: ParameterColumns): void {
  const isBatch = Array.isArray(params) && params.length > 0 && params.every(isContainer);
  if (!isBatch) putRow(builder, 'db.query.parameter', params, columns);
  else
    for (const [row, values] of params.entries()) {
      putRow(builder, `db.query.parameter.${row}`, values, columns);
    }
}

function putRow(builder: SpanBuilder, prefix: string, row: PyValue, columns: ParameterColumns): void {
  if (!isContainer(row)) return;
  for (const [key, value] of Object.entries(row)) {
    const column = Array.isArray(row) ? columns.positional[Number(key)] : columns.named.get(key);
    const isSecret = column !== undefined && isSecretKey(column);
    flatten(builder, `${prefix}.${key}`, isSecret ? column : key, value);
  }
}

function isContainer(value: PyValue): value is PyValue[] | { [key: string]: PyValue } {
  return Array.isArray(value) || isObject(value);
}
