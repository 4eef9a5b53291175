import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CommandRecord } from '../../../src/primary/workers/command-record.ts';
import { parseLeftCommands } from '../../../src/protocol/left-commands.ts';
import { startTimeOf } from '../../../src/system/processes.ts';

const HOW = { name: 'api', killSignal: null, killTimeoutMs: 100 };

function setUp(name: string): { readonly file: string; readonly record: CommandRecord; readonly told: string[] } {
  const directory = mkdtempSync(join(tmpdir(), 'lb-record-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const told: string[] = [];
  const file = join(directory, name);
  return { file, told, record: new CommandRecord(file, (problem) => told.push(problem)) };
}

it('names the commands that run, and is gone with the last one', () => {
  const { file, record, told } = setUp('api.commands');
  record.add(process.pid, HOW);
  record.add(process.ppid, { ...HOW, killSignal: 'SIGINT', killTimeoutMs: 5 });
  record.remove(process.ppid);
  expect(parseLeftCommands(JSON.parse(readFileSync(file, 'utf8')))).toEqual([
    { app: 'api', pid: process.pid, startTime: startTimeOf(process.pid), killSignal: 'SIGTERM', killTimeoutMs: 100 },
  ]);
  record.remove(process.pid);
  expect([existsSync(file), told]).toEqual([false, []]);
});

it('tells once that it cannot be written, and what follows from it', () => {
  const { record, told } = setUp('no/such/folder');
  record.add(process.pid, HOW);
  record.add(process.ppid, HOW);
  expect(told).toEqual([expect.stringMatching(/cannot be written \(ENOENT.*its commands go on beside the next ones$/)]);
});
