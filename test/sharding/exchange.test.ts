import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isUnknownType } from '../../src/sharding/exchange.js';

/** As amqplib gives them; both answers seen. */
const refusal = (code: number, text: string) =>
  Object.assign(new Error(`Operation failed: ExchangeDeclare; ${code} with message "${text}"`), { code });

describe('an exchange of a type that the broker does not know', () => {
  it('is known by the answers of RabbitMQ 3.10 and 4.0', () => {
    assert.ok(isUnknownType(refusal(503, "COMMAND_INVALID - unknown exchange type 'x-consistent-hash'")));
    assert.ok(isUnknownType(refusal(406, "PRECONDITION_FAILED - unknown exchange type 'x-consistent-hash'")));
  });

  it('is another thing than one that is there and different, or forbidden', () => {
    assert.ok(!isUnknownType(refusal(406, "PRECONDITION_FAILED - inequivalent arg 'durable'")));
    assert.ok(!isUnknownType(refusal(403, 'ACCESS_REFUSED')));
    assert.ok(!isUnknownType(new Error('Unexpected close')));
  });
});
