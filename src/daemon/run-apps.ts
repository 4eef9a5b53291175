import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { startOrder } from '../lifecycle/start-order.ts';
import type { LogLine, ProgressRecord } from '../protocol/control.ts';
import type { Live } from './live.ts';
import type { Registry } from './registry.ts';
import { startDefined } from './start-side-by-side.ts';

/** `lb run`: these apps and no others, side by side. */
export async function runApps(
  { registry, live }: { readonly registry: Registry; readonly live: Live },
  specs: readonly AppSpec[],
  onLine: (line: LogLine) => void,
  progress: (record: ProgressRecord) => void,
): Promise<void> {
  live.follow(null, onLine);
  const apps = startOrder(specs).map((spec) => registry.define(spec));
  let failures = 0;
  await Promise.all(
    apps.map(async (app) => {
      const note = (step: 'note' | 'failed', message: string): void =>
        progress({ type: 'progress', app: app.name, operation: 'start', step, slot: null, generation: null, pid: null, message });
      try {
        const { message } = await startDefined(app, progress);
        if (!app.active && !app.spec.autostart) note('note', message);
      } catch (error) {
        const failure = LbError.from(error);
        failures++;
        // It goes on trying beside apps that came up. Alone, it leaves that to whoever runs this process.
        if (failure.code !== 'LB_ERR_NOT_STARTED_YET' || failures === apps.length) throw error;
        note('failed', failure.message);
      }
    }),
  );
}
