import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { standBehindInit } from '../../src/system/first-process.ts';

type Execve = [file: string, args: string[], env: NodeJS.ProcessEnv];

/** What a process with this pid replaces itself by. */
function replacement(pid: number): Execve | null {
  const execve = vi.fn<(...given: Execve) => void>();
  const self = process as { execve?: unknown };
  const original = self.execve;
  const spied = vi.spyOn(process, 'pid', 'get').mockReturnValue(pid);
  self.execve = execve;
  try {
    standBehindInit();
  } finally {
    spied.mockRestore();
    self.execve = original;
  }
  return execve.mock.calls[0] ?? null;
}

/** The init, with another program than this one. */
function initOf(program: string): { readonly printed: Promise<string>; readonly ended: Promise<unknown[]>; readonly kill: (signal: NodeJS.Signals) => void } {
  const [file, [name, flag, script, zero] = []] = replacement(1) ?? ['', []];
  const child = spawn(file, [flag ?? '', script ?? '', zero ?? '', process.execPath, '-e', program], { argv0: name, stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = once(child.stdout, 'data').then(([chunk]) => String(chunk));
  return { printed, ended: once(child, 'exit'), kill: (signal) => void child.kill(signal) };
}

it('starts the same program again behind a shell, as the first process alone', () => {
  expect(replacement(2)).toBeNull();
  const [file, args, env] = replacement(1) ?? ['', [], {}];
  expect([file, args[0], args[3]]).toEqual(['/bin/sh', 'sh', 'lb-init']);
  expect(args.slice(4)).toEqual([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  expect(env).toBe(process.env);
});

it.each([0, 7, 127])('the init ends with the exit code of the program, %i', async (code) => {
  expect(await initOf(`process.exit(${code})`).ended).toEqual([code, null]);
});

it.each(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2'] as const)('the init passes %s on, and waits for what the program makes of it', async (signal) => {
  const { printed, ended, kill } = initOf(
    `process.on('${signal}', () => setTimeout(process.exit, 100, 3)); setInterval(() => {}, 1_000); console.log('ready')`,
  );
  await printed;
  kill(signal);
  expect(await ended).toEqual([3, null]);
});
