import { spawn, type ChildProcess } from 'node:child_process';
import { LbError } from '../../errors/lb-error.ts';
import type { AppSpec, BeforeReloadSpec } from '../../lifecycle/app-spec.ts';
import { shortTime } from '../../lifecycle/wording.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { now } from '../../system/clock.ts';
import { killCommand } from '../../system/command-session.ts';

/** How much of the end of its output is shown when it fails. */
const KEPT_CHARACTERS = 8_192;

type Definition = Pick<AppSpec, 'name' | 'cwd' | 'env' | 'umask' | 'beforeReload'>;

interface Outcome {
  /** Null if it succeeded. */
  readonly problem: string | null;
  readonly output: readonly string[];
}

/** Runs the commands that come before the reloads of one app, one at a time. */
export class BeforeReload {
  readonly #event: EmitEvent;
  #last: Promise<unknown> = Promise.resolve();
  readonly #cancels = new Set<(reason: string) => void>();

  constructor(event: EmitEvent) {
    this.#event = event;
  }

  /** Resolves when the reload may begin. @throws LbError LB_ERR_BEFORE_RELOAD, or LB_ERR_ABORTED if it was cancelled */
  async run(spec: Definition, note: (message: string) => void): Promise<void> {
    const { beforeReload, name: app } = spec;
    if (beforeReload === null) return;
    let cancelled: string | null = null;
    const stop = new AbortController();
    const cancel = (reason: string): void => {
      cancelled ??= reason;
      stop.abort();
    };
    this.#cancels.add(cancel);
    const turn = this.#last.then(() => this.#runNow(spec, beforeReload, note, stop.signal));
    this.#last = turn.catch(() => {});
    const { problem, output, tookMs } = await turn.finally(() => this.#cancels.delete(cancel));
    if (cancelled !== null) throw new LbError('LB_ERR_ABORTED', { operation: 'reload', app, reason: cancelled });
    if (problem === null) {
      const message = `before_reload succeeded after ${shortTime(tookMs)}`;
      this.#event('before-reload', message);
      return note(`${app}: ${message}`);
    }
    this.#event('before-reload-failed', `before_reload failed, nothing is reloaded: ${problem}`);
    throw new LbError('LB_ERR_BEFORE_RELOAD', { app, reason: problem }, output);
  }

  /** Ends what runs, and what waits for it. @returns whether there was anything */
  cancel(reason: string): boolean {
    const found = this.#cancels.size > 0;
    for (const cancel of this.#cancels) cancel(reason);
    return found;
  }

  async #runNow(
    spec: Definition,
    hook: BeforeReloadSpec,
    note: (message: string) => void,
    signal: AbortSignal,
  ): Promise<Outcome & { readonly tookMs: number }> {
    const beganAt = now();
    if (signal.aborted) return { problem: 'cancelled', output: [], tookMs: 0 };
    note(`${spec.name}: before_reload: ${hook.command}`);
    const outcome = await outcomeOf(spec, hook, signal);
    return { ...outcome, tookMs: now() - beganAt };
  }
}

function outcomeOf(spec: Definition, { command, timeoutMs }: BeforeReloadSpec, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawned(spec, command);
    if (child instanceof Error) return resolve({ problem: child.message, output: [] });
    let text = '';
    let isLate = false;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (piece: string) => void (text = (text + piece).slice(-KEPT_CHARACTERS)));
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killCommand(child.pid);
    };
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    signal.addEventListener('abort', kill, { once: true });
    const end = (problem: string | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      // What it left behind may hold them open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ problem, output: text.trimEnd() === '' ? [] : text.trimEnd().split('\n') });
    };
    child.once('error', (error) => end(error.message));
    // In the next turn its last lines have been read.
    child.once('exit', (code, endedBy) =>
      setImmediate(() => {
        if (isLate) end(`it did not end within ${shortTime(timeoutMs)}`);
        else end(code === 0 ? null : code === null ? `signal ${endedBy ?? 'unknown'}` : `exit code ${code}`);
      }),
    );
  });
}

/** In a session of its own, so that all of it can be ended. */
function spawned({ cwd, env, umask }: Definition, command: string): ChildProcess | Error {
  const before = umask === null ? null : process.umask(umask);
  try {
    return spawn('/bin/sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    if (before !== null) process.umask(before);
  }
}
