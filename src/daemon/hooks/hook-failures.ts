/** After a failure was told, those of the next minute are counted and told together. */
const BURST_MS = 60_000;

/** Tells of a hook's failures once per burst, so that a flood of them is two messages. */
export class HookFailures {
  readonly #tell: (message: string) => void;
  #failed = 0;
  #dropped = 0;
  #lastReason = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** An event was given up after all its tries. */
  failed(reason: string): void {
    this.#failed++;
    this.#lastReason = reason;
    this.#count();
  }

  /** An event was left out, because too many waited. */
  dropped(): void {
    this.#dropped++;
    this.#count();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #count(): void {
    if (this.#timer === null) this.#report();
  }

  #report(): void {
    this.#timer = null;
    if (this.#failed === 0 && this.#dropped === 0) return;
    const parts = [
      ...(this.#failed === 0 ? [] : [`${events(this.#failed)} could not be delivered in 3 tries (${this.#lastReason})`]),
      ...(this.#dropped === 0 ? [] : [`${events(this.#dropped)} left out, because too many wait`]),
    ];
    this.#failed = 0;
    this.#dropped = 0;
    this.#timer = setTimeout(() => this.#report(), BURST_MS);
    this.#timer.unref();
    this.#tell(parts.join('; '));
  }
}

const events = (count: number): string => (count === 1 ? '1 event' : `${count} events`);
