import type { DaemonFacts } from '../metrics/prometheus.ts';
import type { DaemonHello } from '../protocol/control.ts';
import { CONTROL_PROTOCOL } from '../protocol/version.ts';
import { now, wallNow } from '../system/clock.ts';

/** What a daemon says about itself. */
export class OwnFacts {
  readonly #startedAt = now();
  readonly #program: string | null;
  readonly #options: { readonly version: string; readonly home: string };

  /** @param program the id of the build that it runs; null if it is not known */
  constructor(options: { readonly version: string; readonly home: string }, program: string | null) {
    this.#options = options;
    this.#program = program;
  }

  forMetrics(): DaemonFacts {
    const startedAtSeconds = Math.round(wallNow() - (now() - this.#startedAt)) / 1000;
    return { version: this.#options.version, node: process.versions.node, startedAtSeconds, residentBytes: process.memoryUsage.rss() };
  }

  hello(endpoints: Pick<DaemonHello, 'metrics' | 'shared'>): DaemonHello {
    const { version, home } = this.#options;
    const uptimeMs = Math.round(now() - this.#startedAt);
    const program = this.#program === null ? {} : { program: this.#program };
    return { name: 'lb', version, protocol: CONTROL_PROTOCOL, pid: process.pid, node: process.versions.node, home, uptimeMs, ...program, ...endpoints };
  }
}
