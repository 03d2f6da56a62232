/**
 * Where the bodies of open messages lie. amqplib's are windows on the chunks that the socket read, 64 KiB with many messages
 * in each: one start that stays open for hours would keep its long settled neighbours in memory, and a chunk that
 * has grown old in V8's eyes is freed by a full collection only. So bodies are copied into slabs, which are used again
 * when what lies in them has left, and once the slabs are many, the oldest bodies are compressed together: many starts
 * say nearly the same.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Bytes of a slab, and of what is compressed together: who wants one body inflates all, and zlib looks back half as far. */
const SLAB_BYTES = 64 * 1024;
/** With more bytes of slabs than this, the oldest bodies are packed until half of it is left. A drain needs some 5 MiB. */
const MOST_BYTES = 8 * 1024 * 1024;
/** zlib's quickest: its usual one takes twice as long, for a seventh less. */
const LEVEL = 1;

/** What a slab full of starts comes to. zlib writes into buffers of such a size, 16 KiB when it is not told. */
const USUAL_PACK_BYTES = 10 * 1024;

/** A place for bodies. */
export interface Shelf {
  body(begin: number, size: number): Buffer;
  /** One of its bodies has left. */
  remove(): void;
}

/** A message with a body to keep, until it leaves. */
export interface Stored {
  /** Bytes of the body. */
  readonly size: number;
  readonly body: Buffer;
  /** Where its body is; absent: not with us yet, or left. */
  readonly shelf: Shelf | undefined;
  /** From now on its body is there. */
  putOn(shelf: Shelf, begin: number): void;
}

class Slab implements Shelf {
  #used = 0;
  #open = 0;

  constructor(
    readonly bytes: Buffer,
    private readonly onEmpty: (slab: Slab) => void,
  ) {}

  get room(): number {
    return this.bytes.length - this.#used;
  }

  take(message: Stored): void {
    const begin = this.#used;
    this.#used += message.body.copy(this.bytes, begin);
    this.#open += 1;
    message.putOn(this, begin);
  }

  /** A copy: other bodies will lie here. */
  body(begin: number, size: number): Buffer {
    return Buffer.from(this.bytes.subarray(begin, begin + size));
  }

  remove(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#used = 0;
    this.onEmpty(this);
  }
}

/** Whoever asks for one body of a pack nearly always asks for the next one, too. */
let inflated: { readonly pack: Pack; readonly text: Buffer } | undefined;

class Pack implements Shelf {
  #bodies = 0;
  #open = 0;

  constructor(private readonly deflated: Buffer) {}

  take(message: Stored, begin: number): void {
    this.#bodies += 1;
    this.#open += 1;
    message.putOn(this, begin);
  }

  body(begin: number, size: number): Buffer {
    if (inflated?.pack !== this) inflated = { pack: this, text: inflateRawSync(this.deflated) };
    return inflated.text.subarray(begin, begin + size);
  }

  remove(): void {
    this.#open -= 1;
  }

  /** Whether most of it has left: the rest goes into another pack, with others. */
  get isSparse(): boolean {
    return this.#open * 2 < this.#bodies;
  }
}

export class BodyArena {
  readonly #outstanding: () => Iterable<Stored>;
  readonly #free: Slab[] = [];
  #current: Slab | undefined;
  /** Of slabs in use. */
  #bytes = 0;
  /** What is packed: the same bytes for one pack after the other. */
  #text: Buffer | undefined;

  /** @param outstanding what has a body here, oldest first. */
  constructor(outstanding: () => Iterable<Stored>) {
    this.#outstanding = outstanding;
  }

  /** Bytes of memory for bodies that are not packed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the body of a message until it is taken from its shelf. */
  keep(message: Stored): void {
    this.#slabFor(message.size).take(message);
  }

  #slabFor(size: number): Slab {
    if (this.#current !== undefined && size <= this.#current.room) return this.#current;
    const isOrdinary = size <= SLAB_BYTES;
    const slab = (isOrdinary ? this.#free.pop() : undefined) ?? this.#slab(size);
    this.#bytes += slab.bytes.length;
    if (isOrdinary) this.#current = slab;
    if (this.#bytes > MOST_BYTES) this.#packOldest();
    return slab;
  }

  #slab(size: number): Slab {
    return new Slab(Buffer.allocUnsafeSlow(Math.max(size, SLAB_BYTES)), (slab) => this.#onEmpty(slab));
  }

  #onEmpty(slab: Slab): void {
    if (slab === this.#current) return;
    this.#bytes -= slab.bytes.length;
    const isOrdinary = slab.bytes.length === SLAB_BYTES;
    if (isOrdinary && this.#free.length * SLAB_BYTES < MOST_BYTES) this.#free.push(slab);
  }

  /** In one go: while this waited for another thread, as much again would come. */
  #packOldest(): void {
    const loose = [...this.#outstanding()].filter(
      ({ shelf }) => shelf instanceof Slab || (shelf instanceof Pack && shelf.isSparse),
    );
    for (const group of groupsOf(loose)) {
      if (this.#bytes <= MOST_BYTES / 2) return;
      this.#pack(group);
    }
  }

  #pack(group: readonly Stored[]): void {
    const text = this.#room(group.reduce((sum, { size }) => sum + size, 0));
    const begins: number[] = [];
    let end = 0;
    for (const { body } of group) {
      begins.push(end);
      end += body.copy(text, end);
    }
    const deflated = deflateRawSync(text.subarray(0, end), { level: LEVEL, chunkSize: USUAL_PACK_BYTES });
    const pack = new Pack(tight(deflated));
    for (const [index, message] of group.entries()) {
      message.shelf?.remove();
      pack.take(message, begins[index]!);
    }
  }

  #room(bytes: number): Buffer {
    if (bytes > SLAB_BYTES) return Buffer.allocUnsafeSlow(bytes);
    this.#text ??= Buffer.allocUnsafeSlow(SLAB_BYTES);
    return this.#text;
  }
}

/** The same bytes, where they are the smaller part of what holds them. */
function tight(bytes: Buffer): Buffer {
  if (bytes.length * 2 > bytes.buffer.byteLength) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** One behind the other, as many as go together; what is larger than that goes alone. */
function groupsOf(messages: readonly Stored[]): Stored[][] {
  const groups: Stored[][] = [];
  let group: Stored[] | undefined;
  let room = 0;
  for (const message of messages) {
    // Not by the room alone: the first body may be empty.
    if (group === undefined || message.size > room) {
      group = [];
      groups.push(group);
      room = SLAB_BYTES;
    }
    group.push(message);
    room -= message.size;
  }
  return groups;
}
