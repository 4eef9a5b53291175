import { Socket } from 'node:net';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { AppOutput } from '../logs/app-output.ts';
import { linesOf } from '../logs/lines-of.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { KeptOutput } from './kept-outputs.ts';
import type { Live } from './live.ts';

interface OrphanOutputsOptions {
  /** Directory of the times of log lines. */
  readonly lineTimes: () => string;
  readonly specOf: (app: string) => AppSpec | undefined;
  readonly event: (app: string) => EmitEvent;
  readonly live: () => Pick<Live, 'followed' | 'logs'>;
}

interface Orphaned {
  readonly output: AppOutput;
  pipes: number;
}

/** Writes what orphaned workers print to the log files of their apps, in place of their dead primaries. */
export class OrphanOutputs {
  readonly #options: OrphanOutputsOptions;
  readonly #apps = new Map<string, Orphaned>();

  constructor(options: OrphanOutputsOptions) {
    this.#options = options;
  }

  /** Its primary is dead. */
  read({ app, origin, pipe }: KeptOutput): void {
    const spec = this.#options.specOf(app);
    if (spec === undefined) return pipe.close();
    const live = this.#options.live();
    const orphaned = this.#orphaned(app);
    const source = socketOf(pipe);
    const from = { app, ...origin };
    orphaned.pipes++;
    // The log files of an app of another user are that user's: root writes nothing there.
    const settings = spec.user === null ? spec : { ...spec, outFile: null, errorFile: null, logFile: null };
    orphaned.output.read(source, from, settings, (piece, at) => {
      if (live.followed(app)) live.logs(app, linesOf(piece, from, at), 0);
      return piece;
    });
    source.once('close', () => {
      orphaned.pipes--;
      if (orphaned.pipes > 0) return;
      if (this.#apps.get(app) === orphaned) this.#apps.delete(app);
      void orphaned.output.close();
    });
  }

  async reopen(app: string): Promise<void> {
    await this.#apps.get(app)?.output.reopen();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apps.values()].map(({ output }) => output.close()));
  }

  #orphaned(app: string): Orphaned {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    const orphaned = { output: new AppOutput(this.#options.lineTimes(), (problem) => this.#options.event(app)('log', problem), false), pipes: 0 };
    this.#apps.set(app, orphaned);
    return orphaned;
  }
}

/** Node's types do not allow raw handles. */
function socketOf(handle: object): Socket {
  const options: object = { handle, readable: true, writable: false };
  return new Socket(options);
}
