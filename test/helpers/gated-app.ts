import { rmSync } from 'node:fs';
import type { Sandbox, StartedApp } from './sandbox.ts';

export interface GatedApp extends StartedApp {
  /** Lets new workers listen from now on. */
  open(): void;
}

/** An app on two workers whose later workers do not listen until the test lets them: what waits for them lasts until then. */
export async function startGated(sandbox: Sandbox): Promise<GatedApp> {
  const open = (): string => sandbox.writeApp('gate', '');
  const gate = open();
  const started = await sandbox.start('boots-when-told.cjs', { env: { GATE: gate } });
  rmSync(gate);
  return { ...started, open };
}
