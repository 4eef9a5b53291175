import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'lb-blocked-')));
const children: ChildProcess[] = [];
let written = 0;

export interface Program {
  readonly pid: number;
  readonly file: string;
  readonly child: ChildProcess;
  /** The next line it prints. */
  readonly line: () => Promise<string>;
  /** What it has printed to stderr. */
  readonly stderr: () => string;
}

/** Starts a program from this source like a worker. Resolves after its first line, after which it may block. */
export async function startProgram(source: string, extension = 'cjs', args: readonly string[] = ['--inspect-port=0']): Promise<Program> {
  const file = join(directory, `program-${++written}.${extension}`);
  writeFileSync(file, source);
  const child = spawn(process.execPath, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  children.push(child);
  // One chunk can contain two lines.
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  await line();
  return { pid: child.pid ?? 0, file, child, line, stderr: () => stderr };
}

/** Call this after each test. */
export async function endPrograms(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

/** Call this after all tests. */
export function removePrograms(): void {
  rmSync(directory, { recursive: true });
}
