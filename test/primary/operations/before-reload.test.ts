import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { BeforeReload } from '../../../src/primary/operations/before-reload.ts';
import type { EmitEvent } from '../../../src/protocol/event.ts';
import { isAlive } from '../../../src/system/processes.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'lb-before-')));
afterAll(() => rmSync(cwd, { recursive: true }));
const spec = (command: string, timeoutMs = 10_000): ReturnType<typeof sampleSpec> =>
  sampleSpec({ cwd, env: { PATH: process.env['PATH'] ?? '', MODE: 'live' }, umask: 0o077, beforeReload: { command, timeoutMs } });

describe('before_reload', () => {
  const events: string[] = [];
  const notes: string[] = [];
  const hook = new BeforeReload(((kind: string, message: string) => void events.push(`${kind}: ${message}`)) as EmitEvent);
  const run = (...given: Parameters<typeof spec>): Promise<void> => hook.run(spec(...given), (note) => notes.push(note));
  const failure = (...given: Parameters<typeof spec>): Promise<unknown> => run(...given).catch((error: unknown) => error);
  beforeEach(() => void (events.splice(0), notes.splice(0)));

  it('does nothing without a command', async () => {
    await hook.run(sampleSpec(), (note) => notes.push(note));
    expect([events, notes]).toEqual([[], []]);
  });

  it('runs in the directory, with the environment and the umask of the app', async () => {
    await run('echo "$MODE $(umask) $(pwd)" > ran');
    expect(readFileSync(join(cwd, 'ran'), 'utf8')).toBe(`live 0077 ${cwd}\n`);
    expect(notes).toEqual(['api: before_reload: echo "$MODE $(umask) $(pwd)" > ran', expect.stringMatching(/^api: before_reload succeeded after /)]);
    expect(events).toEqual([expect.stringMatching(/^before-reload: before_reload succeeded after /)]);
  });

  it('fails with what it printed', async () => {
    const error = await failure('echo migrating; echo "no such column" >&2; exit 3');
    expect(error).toMatchObject({
      code: 'LB_ERR_BEFORE_RELOAD',
      exitCode: 1,
      details: { app: 'api', reason: 'exit code 3' },
      output: ['migrating', 'no such column'],
    });
    expect(events).toEqual(['before-reload-failed: before_reload failed, nothing is reloaded: exit code 3']);
    expect(await failure('kill -9 $$')).toMatchObject({ details: { reason: 'signal SIGKILL' } });
    expect(await hook.run({ ...spec('true'), cwd: join(cwd, 'gone') }, () => {}).catch((thrown: unknown) => thrown)).toMatchObject({
      code: 'LB_ERR_BEFORE_RELOAD',
    });
  });

  it('has its time, and then nothing of it is left', async () => {
    expect(await failure('sleep 60 & echo $! > pid; wait', 300)).toMatchObject({ details: { reason: 'it did not end within 300 ms' } });
    const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('runs one at a time', async () => {
    const command = 'test ! -e lock || exit 9; touch lock; sleep 0.1; rm lock; echo x >> times';
    await Promise.all([run(command), run(command), run(command)]);
    expect(readFileSync(join(cwd, 'times'), 'utf8')).toBe('x\nx\nx\n');
  });

  it('can be cancelled, also while it waits for another one', async () => {
    const both = [failure('touch first; sleep 60'), failure('touch second')];
    await vi.waitFor(() => expect(existsSync(join(cwd, 'first'))).toBe(true));
    expect(hook.cancel('the app is being stopped')).toBe(true);
    for (const error of await Promise.all(both))
      expect(LbError.from(error)).toMatchObject({ code: 'LB_ERR_ABORTED', details: { reason: 'the app is being stopped' } });
    expect(existsSync(join(cwd, 'second'))).toBe(false);
    expect(hook.cancel('again')).toBe(false);
    expect(events).toEqual([]);
  });
});
