import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { BrokerConnection } from '../../src/rabbitmq/connection.js';
import { Publisher } from '../../src/rabbitmq/publisher.js';
import { settled } from '../support/spans.js';

const BODY = Buffer.from('body');

describe('the publisher', () => {
  it('opens a connection when there is something to publish, one for all', async () => {
    const { publisher, links } = publishing();
    assert.equal(links.length, 0);
    const both = [publisher.publish('a', BODY, {}), publisher.publish('b', BODY, {})];
    await settled();
    assert.deepEqual([links.length, links[0]?.published], [1, ['a', 'b']]);
    links[0]?.confirm();
    links[0]?.confirm();
    assert.deepEqual(await Promise.all(both), [{ kind: 'written' }, { kind: 'written' }]);
    await publisher.close();
  });

  it('tells what the broker would not take from what it has not got', async () => {
    const { publisher, links } = publishing();
    const refused = publisher.publish('full', BODY, {});
    const missing = publisher.publish('gone', BODY, {});
    await settled();
    links[0]?.confirm(new Error('message nacked'));
    links[0]?.emit('return', { fields: { exchange: '', routingKey: 'gone' } });
    links[0]?.confirm();
    assert.deepEqual([await refused, await missing], [{ kind: 'refused' }, { kind: 'missing' }]);
    await publisher.close();
  });

  it('fails what is on its way when the channel dies, says why, and publishes over another connection', async () => {
    const { publisher, links } = publishing();
    const lost = publisher.publish('a', BODY, {});
    await settled();
    const why = new Error('404');
    links[0]?.die(why);
    assert.deepEqual(await lost, { kind: 'failed', error: why });
    const next = publisher.publish('a', BODY, {});
    await settled();
    assert.equal(links.length, 2);
    links[1]?.confirm();
    assert.deepEqual(await next, { kind: 'written' });
    await publisher.close();
  });

  it('fails what it has no connection for, and tries anew with the next', async () => {
    const why = new Error('ECONNREFUSED');
    let attempts = 0;
    const publisher = new Publisher(() => {
      attempts += 1;
      return Promise.reject(why);
    });
    for (const _ of [1, 2])
      assert.deepEqual(await publisher.publish('a', BODY, {}), { kind: 'failed', error: why });
    assert.equal(attempts, 2);
    await publisher.close();
  });

  it('publishes nothing once it is closed', async () => {
    const { publisher, links } = publishing();
    await publisher.close();
    assert.equal((await publisher.publish('a', BODY, {})).kind, 'failed');
    assert.equal(links.length, 0);
  });
});

/** A connection with its one confirm channel, as far as the publisher uses them. */
class Link extends EventEmitter {
  readonly published: string[] = [];
  readonly blocked = false;
  private readonly unconfirmed: ((error: unknown) => void)[] = [];

  publish(_exchange: string, queue: string, _body: Buffer, _: unknown, confirmed: (error: unknown) => void) {
    this.published.push(queue);
    this.unconfirmed.push(confirmed);
  }

  /** The broker's answer to the oldest publication. */
  confirm(error: Error | null = null): void {
    this.unconfirmed.shift()?.(error);
  }

  /** As amqplib does it: the reason, then every publication without an answer, then the end. */
  die(error: Error): void {
    this.emit('error', error);
    while (this.unconfirmed.length > 0) this.confirm(new Error('channel closed'));
    this.emit('close');
  }

  async createConfirmChannel(): Promise<this> {
    return this;
  }

  async close(): Promise<void> {}
}

function publishing() {
  const links: Link[] = [];
  const publisher = new Publisher(async () => {
    const link = new Link();
    links.push(link);
    return link as unknown as BrokerConnection;
  });
  return { publisher, links };
}
