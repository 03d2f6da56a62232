export type { Channel, ConfirmChannel } from 'amqplib';
