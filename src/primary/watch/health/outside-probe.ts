import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { CheckResult } from '../../../balancing/active-check.ts';
import { errnoOf, messageOf } from '../../../errors/lb-error.ts';
import type { AppSpec, HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import { now } from '../../../system/clock.ts';
import { environmentOf } from '../../workers/environment.ts';
import { ask } from './ask.ts';
import { Deadline } from './deadline.ts';
import { judge } from './judge.ts';

interface Probed {
  readonly spec: Pick<AppSpec, 'env' | 'instanceVar' | 'incrementVar' | 'cwd'>;
  readonly slot: number;
}

/** Checks a worker that takes no connections from the primary: by a command of the operator, or as a client of its port. Null if inconclusive. */
export async function probeFromOutside({ spec, slot }: Probed, check: HealthCheckSpec): Promise<CheckResult | null> {
  const env = environmentOf(spec, slot);
  const startedAt = now();
  const deadline = new Deadline(check.timeoutMs);
  try {
    if (check.command !== undefined) {
      const problem = await deadline.race(problemOf(check.command, { cwd: spec.cwd, env, signal: deadline.signal }), 'the command did not end');
      return problem === null ? { ok: true, tookMs: Math.round(now() - startedAt) } : { ok: false, reason: problem };
    }
    const port = check.port ?? Number(env['PORT']);
    const answer = await deadline.race(answerOf(port, check, deadline.signal), 'no answer');
    return judge(answer, check, Math.round(now() - startedAt));
  } catch (error) {
    return deadline.wasLate ? null : { ok: false, reason: messageOf(error) };
  } finally {
    deadline.cancel();
  }
}

async function answerOf(port: number, check: HealthCheckSpec, signal: AbortSignal): ReturnType<typeof ask> {
  const client = await connected(port, signal);
  try {
    return await ask(client, check.path === null ? 'tcp' : 'http', check);
  } finally {
    client.destroy();
  }
}

function connected(port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: 'localhost', signal }, () => resolve(socket));
    socket.on('error', (error) => reject(new Error(`port ${port}: ${errnoOf(error) === 'ECONNREFUSED' ? 'connection refused' : messageOf(error)}`)));
  });
}

interface Run {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs it with a shell, in a process group of its own, which ends with the check. Null if it exits with 0. */
function problemOf(command: string, { cwd, env, signal }: Run): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], { cwd, env, stdio: 'ignore', detached: true });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid);
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', (error) => resolve(`the command could not be run: ${error.message}`));
    child.once('exit', (code, killedBy) =>
      resolve(code === 0 ? null : `the command ended with ${code === null ? `signal ${killedBy ?? ''}` : `code ${code}`}`),
    );
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by now.
  }
}
