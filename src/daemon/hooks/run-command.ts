import type { AppUser } from '../../lifecycle/app-user.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { killTree } from '../../system/processes.ts';
import { spawnAs } from './spawn-as.ts';

/** How much of its stderr a failure message contains. */
const STDERR_BYTES = 400;

export interface CommandHook {
  /** A string is a shell command; a list is a program with its arguments. */
  readonly run: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** As whom it runs; null for the user of the daemon. */
  readonly user: AppUser | null;
}

/**
 * Runs a user's command for an event, passed as JSON on stdin and in `LB_EVENT_…` variables. The signal kills it and its
 * descendants.
 * @throws Error with the reason
 */
export function runCommand({ run, cwd, env, user }: CommandHook, event: LbEvent, signal: AbortSignal): Promise<void> {
  const [command = '', ...args] = typeof run === 'string' ? [run] : run;
  return new Promise((resolve, reject) => {
    const child = spawnAs(user, { command, args, cwd, env: { ...env, ...eventVariables(event) }, shell: typeof run === 'string' });
    let stderr = '';
    const kill = (): void => killTree(child.pid ?? 0, 'SIGKILL');
    // First of all: without descriptors for its pipes, a child has none of them, and tells by an `error` event.
    child.once('error', (error) => {
      signal.removeEventListener('abort', kill);
      reject(error);
    });
    if (child.pid === undefined) return;
    signal.addEventListener('abort', kill, { once: true });
    child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_BYTES)));
    // Not `close`: a process it left behind may hold its stderr open forever.
    child.once('exit', (code, endedBy) => {
      signal.removeEventListener('abort', kill);
      child.stderr?.destroy();
      if (code === 0) return resolve();
      const how = signal.aborted ? String(signal.reason) : endedBy === null ? `exit code ${code ?? 'unknown'}` : `signal ${endedBy}`;
      const said = stderr.trim().split('\n').at(-1) ?? '';
      reject(new Error(said === '' ? how : `${how}: ${said}`));
    });
    // A command need not read its stdin.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(event)}\n`);
  });
}

function eventVariables(event: LbEvent): Record<string, string> {
  const { id, at, app, kind, severity, message, slot, pid } = event;
  const values = { id, at: new Date(at).toISOString(), app: app ?? '', kind, severity, message: message.replaceAll('\0', ''), slot, pid };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`LB_EVENT_${name.toUpperCase()}`, String(value)]])),
  );
}
