import { megabytes } from '../lifecycle/wording.ts';
import { memoryRoom, memoryWarning, type MemoryAlarm } from '../system/memory-room.ts';

const CHECK_EVERY_MS = 10_000;
const SOURCES = { cgroup: "the container's or service's memory limit", machine: "the machine's memory" } as const;

/** Warns before memory runs out and the kernel kills processes, whichever uses it. */
export class MemoryWatch {
  readonly #warn: (message: string) => void;
  #alarm: MemoryAlarm = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #check(): void {
    const room = memoryRoom();
    if (room === null) return;
    const alarm = memoryWarning(this.#alarm, room);
    if (alarm > this.#alarm) {
      const used = `${megabytes(room.usedBytes)} of ${megabytes(room.limitBytes)}`;
      this.#warn(`${used} of ${SOURCES[room.source]} are in use; when it runs out, the kernel kills processes`);
    }
    this.#alarm = alarm;
  }
}
