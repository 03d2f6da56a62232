/** What requeueing and dead letters have around them: deliveries, what they were received by, a publisher that waits. */
import type { Options } from 'amqplib';
import { AckTracker } from '../../src/rabbitmq/ack-tracker.js';
import type { Published, Publisher } from '../../src/rabbitmq/publisher.js';
import { type DeliveryOwner, RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import type { OwnQueue } from '../../src/rabbitmq/topology.js';

export const WHERE = { host: 'broker', port: 5672, vhost: '/', username: 'guest' };
/** Waits end at once. */
export const PROMPT = { backoff: { initialMs: 1, maximumMs: 1 }, random: () => 0 };

/** Receives deliveries, on a tracker as it is. */
export class TrackingOwner implements DeliveryOwner {
  readonly tracker = new AckTracker();
  readonly requeued: RabbitDelivery[] = [];
  readonly copied: RabbitDelivery[] = [];
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
    this.tracker.add(delivery);
    return delivery;
  }

  acknowledge(delivery: RabbitDelivery): boolean {
    return this.tracker.acknowledge(delivery);
  }

  deadLetter(delivery: RabbitDelivery): boolean {
    return this.tracker.beginMove(delivery);
  }

  beginRequeue(delivery: RabbitDelivery): boolean {
    if (!this.tracker.beginMove(delivery)) return false;
    this.requeued.push(delivery);
    return true;
  }

  onCopied(delivery: RabbitDelivery): void {
    if (this.tracker.endMove(delivery)) this.copied.push(delivery);
  }

  onNotCopied(delivery: RabbitDelivery): void {
    const fresh = delivery.again();
    if (this.tracker.replace(delivery, fresh)) this.handedBack.push(fresh);
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
