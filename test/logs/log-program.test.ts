import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { missingProgram, programFor } from '../../src/logs/log-program.ts';

it('journal and syslog are programs, with the priority of the stream; anything else is a file', () => {
  expect(programFor('journal', 'api', 'out')).toEqual(['systemd-cat', '-t', 'api', '-p', 'info']);
  expect(programFor('syslog', 'api', 'err')).toEqual(['logger', '-t', 'api', '-p', 'user.err']);
  for (const file of ['/var/log/journal', 'toString']) expect(programFor(file, 'api', 'out')).toBeNull();
});

it('the program that an app needs must be on the PATH, and executable', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'lb-bin-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  writeFileSync(join(bin, 'logger'), '', { mode: 0o755 });
  writeFileSync(join(bin, 'systemd-cat'), '', { mode: 0o644 });
  const path = `:/nowhere:${bin}`;
  const app = { name: 'api', outFile: '/var/log/api.log', errorFile: 'syslog' };
  expect(await missingProgram(app, path)).toBeNull();
  expect(await missingProgram({ ...app, outFile: null }, '')).toEqual({ option: 'error_file', value: 'syslog', command: 'logger' });
  const journal = { ...app, outFile: 'journal' };
  expect(await missingProgram(journal, path)).toEqual({ option: 'out_file', value: 'journal', command: 'systemd-cat' });
  chmodSync(join(bin, 'systemd-cat'), 0o755);
  expect(await missingProgram(journal, path)).toBeNull();
});
