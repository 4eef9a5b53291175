/** The ids of all apps of a daemon: each slot has the lowest number that was free when it was added, and keeps it. */
export class SlotIds {
  readonly #ids = new Map<string, readonly number[]>();

  /** What was saved. An id that an app before it has is given up. */
  restore(app: string, ids: readonly number[]): void {
    const taken = this.#taken(app);
    const firstTaken = ids.findIndex((id, slot) => taken.has(id) || ids.indexOf(id) !== slot);
    this.#ids.set(app, firstTaken < 0 ? ids : ids.slice(0, firstTaken));
  }

  /** The ids of the slots from 0 on. Those of slots that are no longer wanted become free. */
  of(app: string, slots: number): readonly number[] {
    const held = this.#ids.get(app) ?? [];
    if (held.length === slots) return held;
    const ids = held.slice(0, slots);
    const taken = this.#taken(app);
    for (const id of ids) taken.add(id);
    for (let id = 0; ids.length < slots; id++) if (!taken.has(id)) ids.push(id);
    this.#ids.set(app, ids);
    return ids;
  }

  forget(app: string): void {
    this.#ids.delete(app);
  }

  /** By other apps. */
  #taken(app: string): Set<number> {
    return new Set([...this.#ids].flatMap(([name, ids]) => (name === app ? [] : ids)));
  }
}
