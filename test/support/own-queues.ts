/** What renewal and dead letters have around them: deliveries, the channel's side of them, a publisher that waits. */
import type { Options } from 'amqplib';
import type { Settlement } from '../../src/rabbitmq/ack-tracker.js';
import { AckTracker } from '../../src/rabbitmq/ack-tracker.js';
import type { Published, Publisher } from '../../src/rabbitmq/publisher.js';
import { type DeliveryOwner, RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import type { OwnQueue } from '../../src/rabbitmq/topology.js';

export const WHERE = { host: 'broker', port: 5672, vhost: '/', username: 'guest' };
/** Waits end at once. */
export const PROMPT = { backoff: { initialMs: 1, maximumMs: 1 }, random: () => 0 };

/** A channel's side of its deliveries, on a ledger as it is. */
export class LedgerHolder implements DeliveryOwner {
  readonly ledger = new AckTracker();
  readonly withdrawn: RabbitDelivery[] = [];
  readonly released: RabbitDelivery[] = [];
  readonly handedBack: RabbitDelivery[] = [];
  private lastTag = 0;

  /** A delivery that was given out so often before. */
  deliver(deliveriesBefore = 0, since = 0): RabbitDelivery {
    const headers = deliveriesBefore === 0 ? {} : { 'x-delivery-count': deliveriesBefore };
    const fields = { exchange: 'nova', routingKey: 'profiler.info', deliveryTag: ++this.lastTag };
    const message = {
      fields: { ...fields, redelivered: deliveriesBefore > 0, consumerTag: 'bridge' },
      properties: { headers } as never,
      content: Buffer.from('body'),
    };
    const delivery = new RabbitDelivery(this, { name: 'origin' }, message, 'profiler.info', since);
    this.ledger.add(delivery);
    return delivery;
  }

  settle(delivery: RabbitDelivery, how: Settlement): boolean {
    return how === 'accept' ? this.ledger.settle(delivery, how) : this.ledger.setAside(delivery);
  }

  withdraw(delivery: RabbitDelivery): boolean {
    if (!this.ledger.setAside(delivery)) return false;
    this.withdrawn.push(delivery);
    return true;
  }

  release(delivery: RabbitDelivery): void {
    if (this.ledger.release(delivery)) this.released.push(delivery);
  }

  handBack(delivery: RabbitDelivery): void {
    const fresh = delivery.again();
    if (this.ledger.renew(delivery, fresh)) this.handedBack.push(fresh);
  }
}

/** Publishes when it is told how it ends. */
export class WaitingPublisher implements Pick<Publisher, 'publish'> {
  readonly waiting: ((how: Published) => void)[] = [];
  readonly published: { readonly queue: string; readonly headers: unknown }[] = [];

  publish(queue: OwnQueue | string, _body: Buffer, { headers }: Options.Publish): Promise<Published> {
    this.published.push({ queue: typeof queue === 'string' ? queue : queue.name, headers });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Ends the oldest publication so. */
  answer(kind: 'written' | 'refused' | 'missing'): void {
    this.waiting.shift()!({ kind });
  }
}
