import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { totalsByService } from '../../../src/trace-view/services.js';
import { paletteFor } from '../../../src/trace-view/terminal/palette.js';
import { renderTotals } from '../../../src/trace-view/terminal/totals.js';
import { buildTrace } from '../../../src/trace-view/trace.js';
import { span } from '../spans.js';

const { nodes } = buildTrace([
  span({ id: 'a', for: 10 }),
  span({ id: 'b', parent: 'a', service: 'keystone', for: 8, error: { type: 'Gone', message: '' } }),
  span({ id: 'c', parent: 'b', service: 'keystone', for: 3, statement: 'SELECT 1' }),
]);

describe('totals', () => {
  it('add up by service, the busiest first', () => {
    assert.deepEqual(totalsByService(nodes), [
      { service: 'keystone', spans: 2, statements: 1, errors: 1, selfMicros: 8_000 },
      { service: 'api', spans: 1, statements: 0, errors: 0, selfMicros: 2_000 },
    ]);
  });

  it('are a table as wide as the page', () => {
    const table = renderTotals(totalsByService(nodes), paletteFor([]), { columns: 66, colour: false });
    assert.deepEqual(table, [
      '  service       spans        SQL     errors  self time',
      '  keystone          2          1          1     8.0 ms  ━━━━━━━━━━',
      '  api               1          0          0     2.0 ms  ━━━',
    ]);
  });
});
