import { now } from '../system/clock.ts';
import { memoryRoom, memoryWarning, oomKills, type MemoryAlarm } from '../system/memory-room.ts';
import { megabytes } from './megabytes.ts';

const LOOK_EVERY_MS = 10_000;
/** From a kill until its worker's exit is noticed. */
const JUST_NOW_MS = 1_000;
const SOURCES = { cgroup: "the container's or service's memory limit", machine: "the machine's memory" } as const;

/** Warns before the kernel kills for want of memory, and tells afterwards when it did. */
export class MemoryWatch {
  readonly #warn: (message: string) => void;
  #alarm: MemoryAlarm = 0;
  #kills = oomKills();
  /** When the counter was first seen higher. */
  #killedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Whether the kernel has just killed, which is then why a worker was ended by SIGKILL. */
  killedForMemory(): boolean {
    this.#countKills();
    return now() - this.#killedAt < JUST_NOW_MS;
  }

  /** A kill of long ago explains no SIGKILL of now, so the counter is read with every look. */
  #countKills(): void {
    const before = this.#kills;
    this.#kills = oomKills();
    if (before !== null && this.#kills !== null && this.#kills > before) this.#killedAt = now();
  }

  #look(): void {
    this.#countKills();
    const room = memoryRoom();
    if (room === null) return;
    const alarm = memoryWarning(this.#alarm, room);
    if (alarm > this.#alarm) {
      const used = `${megabytes(room.usedBytes)} of ${megabytes(room.limitBytes)}`;
      this.#warn(`${used} of ${SOURCES[room.source]} are used; at its end the kernel kills processes`);
    }
    this.#alarm = alarm;
  }
}
