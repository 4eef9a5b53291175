import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { LogLine, ProgressRecord } from '../protocol/control.ts';
import type { Live } from './live.ts';
import type { Registry } from './registry.ts';

/** `lb run`: these apps and no others. */
export async function runApps(
  { registry, live }: { readonly registry: Registry; readonly live: Live },
  specs: readonly AppSpec[],
  onLine: (line: LogLine) => void,
  progress: (record: ProgressRecord) => void,
): Promise<void> {
  live.follow(null, onLine);
  const apps = specs.map((spec) => registry.define(spec));
  const failures: LbError[] = [];
  for (const app of apps) {
    try {
      await app.start(progress);
    } catch (error) {
      const failure = LbError.from(error);
      failures.push(failure);
      // It goes on trying beside apps that came up. Alone, it leaves that to whoever runs this process.
      if (failure.code !== 'LB_ERR_NOT_STARTED_YET' || failures.length === apps.length) throw error;
      progress({ type: 'progress', app: app.name, operation: 'start', step: 'failed', slot: null, generation: null, pid: null, message: failure.message });
    }
  }
}
