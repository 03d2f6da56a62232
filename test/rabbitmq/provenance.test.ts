import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MessageProperties } from 'amqplib';
import {
  deadLetterProperties,
  deliveriesBefore,
  homeOf,
  provenanceOf,
  rejectionOf,
  returningProperties,
} from '../../src/rabbitmq/provenance.js';

const FROM = { exchange: 'nova', routingKey: 'profiler.info', queue: 'profiler.info' };
const WHY = { reason: 'not-json', detail: 'unexpected end at character 3' };

describe('copies of messages', () => {
  it('carry why and where from as dead letters, beside everything the original said of its body', () => {
    const original = properties({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: { compression: 'application/x-gzip' },
    });
    const copy = deadLetterProperties(original, FROM, WHY);
    assert.deepEqual(copy.headers, {
      compression: 'application/x-gzip',
      'x-osprofiler-bridge-exchange': 'nova',
      'x-osprofiler-bridge-routing-key': 'profiler.info',
      'x-osprofiler-bridge-queue': 'profiler.info',
      'x-osprofiler-bridge-reason': 'not-json',
      'x-osprofiler-bridge-detail': 'unexpected end at character 3',
    });
    assert.deepEqual(
      [copy.contentType, copy.contentEncoding, copy.persistent, copy.mandatory],
      ['application/json', 'utf-8', true, true],
    );
    assert.deepEqual([rejectionOf(copy.headers), homeOf(copy.headers)], [WHY, 'profiler.info']);
  });

  it('leave out what the broker would refuse, send elsewhere, expire or take for a count', () => {
    const headers = { CC: ['other'], BCC: ['third'], 'x-delivery-count': 3, mine: 1 };
    const copy = returningProperties(properties({ headers, userId: 'nova', expiration: '1000' }), FROM);
    assert.deepEqual([copy.userId, copy.expiration], [undefined, undefined]);
    assert.deepEqual(Object.keys(copy.headers), [
      'mine',
      'x-osprofiler-bridge-exchange',
      'x-osprofiler-bridge-routing-key',
      'x-osprofiler-bridge-queue',
    ]);
  });

  it('are known for what they were when they come back, however often they were copied', () => {
    let headers = returningProperties(properties({}), FROM).headers;
    for (let time = 0; time < 3; time += 1) {
      const message = { fields: { exchange: '', routingKey: 'holding' }, properties: { headers } };
      assert.deepEqual(provenanceOf(message, 'holding'), FROM);
      headers = returningProperties(properties({ headers }), provenanceOf(message, 'holding')).headers;
    }
    assert.equal(Object.keys(headers).length, 3);
  });

  it('lose their reason when they are moved back', () => {
    const dead = deadLetterProperties(properties({}), FROM, WHY).headers;
    assert.equal(
      rejectionOf(returningProperties(properties({ headers: dead }), FROM).headers).reason,
      'unknown',
    );
  });

  it('are not made of a message that only looks like one', () => {
    const headers = { 'x-osprofiler-bridge-routing-key': 'x', 'x-osprofiler-bridge-exchange': 'y' };
    const message = { fields: { exchange: 'nova', routingKey: 'profiler.info' }, properties: { headers } };
    assert.deepEqual(provenanceOf(message, 'profiler.info'), FROM);
  });

  it('cut a long detail, since headers share one frame', () => {
    const { headers } = deadLetterProperties(properties({}), FROM, {
      reason: 'x',
      detail: 'd'.repeat(5_000),
    });
    assert.equal(rejectionOf(headers).detail.length, 1_000);
  });

  it('tell the deliveries of a quorum queue, and of others none', () => {
    assert.equal(deliveriesBefore({ 'x-delivery-count': 2 }), 2);
    assert.equal(deliveriesBefore({ 'x-delivery-count': 'many' }), 0);
    assert.equal(deliveriesBefore(undefined), 0);
  });
});

function properties(some: Partial<MessageProperties>): MessageProperties {
  return some as MessageProperties;
}
