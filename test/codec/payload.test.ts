import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPayload } from '../../src/codec/payload.js';
import type { PyObject, PyValue } from '../../src/python-json/parse.js';
import { BASE_ID, MOMENT, payload, start, TRACE_ID } from '../support/notifications.js';

describe('payloads', () => {
  it('become notifications', () => {
    assert.deepEqual(readPayload(payload()), { ok: true, notification: start() });
  });

  it('lose exactly the last -start or -stop of their name', () => {
    const names: [string, string, 'start' | 'stop'][] = [
      ['with-dash-start', 'with-dash', 'start'],
      ['a-start-start', 'a-start', 'start'],
      ['a-stop-start', 'a-stop', 'start'],
      ['-start', '', 'start'],
      ['-stop', '', 'stop'],
      ['host_restart-stop', 'host_restart', 'stop'],
      ['neutron.db-stop', 'neutron.db', 'stop'],
    ];
    for (const [sent, name, half] of names) {
      const read = readPayload(payload({ name: sent }));
      assert.ok(read.ok, sent);
      assert.deepEqual([read.notification.name, read.notification.phase], [name, half]);
    }
  });

  it('with a name of neither half are refused', () => {
    for (const name of ['', 'start', 'db', 'db-start ', 'db-START', 'db_stop']) {
      const read = readPayload(payload({ name }));
      assert.ok(!read.ok && read.reason === 'bad-name', JSON.stringify(name));
    }
  });

  it('may have integers as ids, exact at any size', () => {
    const read = readPayload(payload({ base_id: 0, trace_id: 42, parent_id: 2n ** 127n }));
    assert.ok(read.ok);
    const { baseId, traceId, parentId } = read.notification;
    assert.deepEqual([baseId, traceId, parentId], [0n, 42n, 2n ** 127n]);
  });

  it('may have empty and odd texts as ids', () => {
    const read = readPayload(payload({ base_id: '', trace_id: 'req-\ud800', parent_id: ' ' }));
    assert.ok(read.ok);
    assert.equal(read.notification.baseId, '');
  });

  it('may lack project, service, info and host, or say null', () => {
    for (const absent of [undefined, null]) {
      const full = payload({ project: 'p', service: 's' });
      for (const key of ['project', 'service', 'info']) {
        if (absent === undefined) delete full[key];
        else full[key] = absent;
      }
      const read = readPayload(full);
      assert.ok(read.ok);
      const { project, service, info, host } = read.notification;
      assert.deepEqual([project, service, info, host], ['', '', {}, '']);
    }
  });

  it('take a host that is text, and no other', () => {
    for (const [host, expected] of [
      ['h', 'h'],
      [7, ''],
      [null, ''],
      [['h'], ''],
    ] as [PyValue, string][]) {
      const read = readPayload(payload({ info: { host } }));
      assert.ok(read.ok && read.notification.host === expected);
    }
  });

  it('that lack a field are refused by its name', () => {
    for (const field of ['name', 'base_id', 'trace_id', 'parent_id', 'timestamp']) {
      const lacking = payload();
      delete lacking[field];
      const read = readPayload(lacking);
      assert.deepEqual(read, { ok: false, reason: 'missing-field', detail: `${field} is missing` });
    }
  });

  it('with a field of the wrong type are refused by its name, its value unsaid', () => {
    const wrong: [PyObject, string][] = [
      [{ name: null }, 'name'],
      [{ name: 5 }, 'name'],
      [{ base_id: 1.5 }, 'base_id'],
      [{ base_id: Number.NaN }, 'base_id'],
      [{ trace_id: null }, 'trace_id'],
      [{ trace_id: ['secret'] }, 'trace_id'],
      [{ parent_id: { secret: 1 } }, 'parent_id'],
      [{ parent_id: true }, 'parent_id'],
      [{ timestamp: MOMENT }, 'timestamp'],
      [{ info: 'secret' }, 'info'],
      [{ info: ['secret'] }, 'info'],
      [{ project: 5 }, 'project'],
      [{ service: { secret: 1 } }, 'service'],
    ];
    for (const [changes, field] of wrong) {
      const read = readPayload(payload(changes));
      assert.ok(!read.ok && read.reason === 'wrong-type', field);
      assert.match(read.detail, new RegExp(`^${field} is not an? `));
      assert.doesNotMatch(read.detail, /secret/);
    }
  });

  it('with a time that is none are refused', () => {
    for (const timestamp of ['', 'yesterday', '1969-12-31T23:59:59.999999']) {
      const read = readPayload(payload({ timestamp }));
      assert.ok(!read.ok && read.reason === 'bad-timestamp');
    }
  });

  it('are read by their own members only, never by inherited ones', () => {
    const inherited = Object.create(payload()) as PyObject;
    const read = readPayload(inherited);
    assert.ok(!read.ok && read.reason === 'missing-field');
  });

  it('keep the ids as they were sent', () => {
    const read = readPayload(payload({ base_id: BASE_ID.toUpperCase(), trace_id: `{${TRACE_ID}}` }));
    assert.ok(read.ok);
    assert.equal(read.notification.baseId, BASE_ID.toUpperCase());
    assert.equal(read.notification.traceId, `{${TRACE_ID}}`);
  });
});
