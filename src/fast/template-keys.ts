/** Numbers for what events say besides their ids and times: events with one number say the same. */

let lastKey = 0;

/** The numbers of events that say the same in their `info`, but for the host. */
export class TemplateKeys<Name, Sender> {
  private readonly keys = new Map<Sender, Map<Name, number>>();
  private size = 0;

  /** @param maxSize keys; past it they are all given anew. */
  constructor(private readonly maxSize: number) {}

  /** @param name and `sender`: the same object for the same values; another one at worst gets another number. */
  keyOf(name: Name, sender: Sender): number {
    return this.keys.get(sender)?.get(name) ?? this.add(name, sender);
  }

  private add(name: Name, sender: Sender): number {
    if (this.size >= this.maxSize) {
      this.keys.clear();
      this.size = 0;
    }
    this.size++;
    const names = this.keys.get(sender) ?? new Map<Name, number>();
    this.keys.set(sender, names.set(name, ++lastKey));
    return lastKey;
  }
}
