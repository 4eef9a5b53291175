/** @module-tag light */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixture, LB_PROGRAM } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const APP = 'hostile-output.cjs';

/** What a command writes to a terminal. */
function onTerminal(env: Record<string, string>, ...words: string[]): Promise<string> {
  const command = [process.execPath, LB_PROGRAM, ...words].map((word) => `'${word}'`).join(' ');
  const options = { env: { ...sandbox.env, TERM: 'xterm', ...env }, cwd: sandbox.directory, timeout: 30_000 };
  return new Promise((resolve) => {
    execFile('script', ['-qec', command, '/dev/null'], options, (_error, stdout) => resolve(stdout));
  });
}

/** Everything but text, line ends, tabs and colours. */
const HARMFUL = /(?!\u001b\[[\d;]*m)[^\P{C}\r\n\t]/u;
const VISIBLE = String.raw`A^[]52;c;cm0gLXJmIH4=^GB^[[2JC^[Pq^[\D^@E\u009b1;1HF\u202eG`;

it('what an app prints takes nothing over on the terminal of whoever looks at it', async () => {
  const port = String(await freePort());
  const failed = await onTerminal({ CRASH: '1' }, 'start', fixture(APP), '-n', 'crash', '-i', '1', '--max-restarts', '0');
  await onTerminal({ PORT: port }, 'start', fixture(APP), '-n', 'web', '-i', '1');
  const shown = {
    failed,
    show: await onTerminal({}, 'show', 'crash'),
    events: await onTerminal({}, 'events'),
    json: await onTerminal({}, 'show', 'crash', '--json'),
    logs: await onTerminal({}, 'logs', '--no-follow'),
    format: await onTerminal({}, 'logs', '--no-follow', '--format'),
  };
  for (const [command, text] of Object.entries(shown)) expect([command, HARMFUL.exec(text)?.[0]]).toEqual([command, undefined]);
  expect(shown.failed).toContain(VISIBLE);
  expect(shown.logs).toContain(VISIBLE);
  expect(shown.logs, 'colours are passed on, and end with the line').toContain('\u001b[32mgreen\u001b[39m\u001b[0m');
  expect(shown.show).toContain('^[]52;c;');
  expect(JSON.parse(shown.json)).toMatchObject({ name: 'crash' });
  expect(await onTerminal({}, 'logs', 'web', '--no-follow', '--raw')).toContain('\u001b]52;c;');
  expect((await sandbox.ok('logs', 'web', '--no-follow')).stdout, 'what is no terminal gets every byte').toContain('\u001b]52;c;');
});

it('nor does "lb run"', async () => {
  const text = await onTerminal(
    { CRASH: '1', LB_HOME: join(sandbox.directory, 'other') },
    'run',
    fixture(APP),
    '-n',
    'crash',
    '-i',
    '1',
    '--max-restarts',
    '0',
  );
  expect(HARMFUL.exec(text)?.[0]).toBeUndefined();
  expect(text).toContain(VISIBLE);
});
