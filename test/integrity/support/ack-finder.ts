/** Finds `basic.ack` in what an AMQP 0-9-1 client sends. */

/** `AMQP` and four numbers, the first bytes of a connection. */
const PREAMBLE_BYTES = 8;
/** Type, channel and size. */
const HEAD_BYTES = 7;
const METHOD = 1;
const BASIC = 60;
const ACK = 80;

export interface FoundAck {
  readonly frame: Buffer;
  /** Where it ends in the chunk that it ended in. */
  readonly end: number;
}

export class AckFinder {
  private rest = Buffer.alloc(0);
  private isPastPreamble = false;

  /** @returns the first acknowledgement that ends in this chunk. */
  read(chunk: Buffer): FoundAck | undefined {
    const data = Buffer.concat([this.rest, chunk]);
    const before = this.rest.length;
    let offset = 0;
    let found: FoundAck | undefined;
    if (!this.isPastPreamble) {
      if (data.length < PREAMBLE_BYTES) {
        this.rest = data;
        return undefined;
      }
      offset = PREAMBLE_BYTES;
      this.isPastPreamble = true;
    }
    while (offset + HEAD_BYTES <= data.length) {
      const end = offset + HEAD_BYTES + data.readUInt32BE(offset + 3) + 1;
      if (end > data.length) break;
      const frame = data.subarray(offset, end);
      if (found === undefined && isAck(frame)) found = { frame, end: end - before };
      offset = end;
    }
    this.rest = data.subarray(offset);
    return found;
  }
}

function isAck(frame: Buffer): boolean {
  return (
    frame[0] === METHOD &&
    frame.readUInt16BE(HEAD_BYTES) === BASIC &&
    frame.readUInt16BE(HEAD_BYTES + 2) === ACK
  );
}
