import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { describeStack } from '../../../../src/lifecycle/describe-stack.ts';
import { stackOf, type StackResult, type StackTarget } from '../../../../src/primary/watch/hang/stack-of.ts';
import { InspectorPaths } from '../../../../src/primary/workers/inspector.ts';
import { listeningPorts, ownsSocket } from '../../../../src/system/process-state.ts';
import { processState } from '../../../../src/system/processes.ts';
import { endPrograms, removePrograms, startProgram, type Program } from './blocked.ts';

afterEach(endPrograms);
afterAll(removePrograms);

const target = ({ pid }: { pid: number }, more: Partial<StackTarget> = {}): StackTarget => ({
  pid,
  inspectorPort: null,
  inspectorPath: () => null,
  ownSigusr1: false,
  ...more,
});
const where = (result: StackResult, { file }: Program): string | null | undefined =>
  'frames' in result ? describeStack(result.frames, '/').where?.replace(file.slice(1), 'FILE') : result.reason;
/** Blocks right after its line is printed. */
const thenBlock = (functions: string): string => `${functions}\nprocess.stdout.write('up\\n', () => block());`;
const openSockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
/** Long enough for an answer on a busy machine, and short for cases without one. */
const PATIENT_MS = 20_000;
const SHORT_MS = 600;
const NO_PROCESS = 2 ** 22 + 1;

describe.runIf(process.platform === 'linux')('stackOf', { timeout: 30_000 }, () => {
  it.each([
    ['an endless loop', 'cjs', 'function block() {\n  for (;;) hash();\n}\nfunction hash() { for (let i = 0; i < 1e15; i++); }', 'in `hash` (FILE:4)'],
    ['an endless loop in an ES module', 'mjs', 'const block = () => {\n  for (;;);\n};', 'in `block` (FILE:2)'],
    ['a regular expression that backtracks', 'cjs', 'function block() {\n  return /^(a+)+$/.test("a".repeat(60) + "!");\n}', 'in `block` (FILE:2)'],
    ['Atomics.wait', 'cjs', 'function block() {\n  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);\n}', 'in `block` (FILE:2)'],
    ['an endless loop in a callback', 'cjs', 'const block = () => setTimeout(function () { for (;;); }, 1);', 'in (anonymous) (FILE:1)'],
    ['an endless chain of microtasks', 'cjs', 'function block() { Promise.resolve().then(block); }', 'in `block` (FILE:1)'],
  ])('locates %s', async (_, extension, functions, at) => {
    const program = await startProgram(thenBlock(functions), extension);
    expect(where(await stackOf(target(program), PATIENT_MS), program)).toBe(at);
  });

  it('returns each frame with its location', async () => {
    const program = await startProgram(thenBlock('function block() { outer(); }\nfunction outer() {\n  inner();\n}\nfunction inner() { for (;;); }'));
    const result = await stackOf(target(program), PATIENT_MS);
    const url = `file://${program.file}`;
    expect('frames' in result && result.frames.slice(0, 3)).toEqual([
      { functionName: 'inner', url, line: 5, column: 20 },
      { functionName: 'outer', url, line: 3, column: 3 },
      { functionName: 'block', url, line: 1, column: 20 },
    ]);
  });

  it('lets the program continue, and leaves no socket behind', async () => {
    const program = await startProgram(`
      process.stdout.write('up\\n', () => {
        while (!require('node:fs').existsSync(__filename + '.end'));
        console.log('done');
      });
    `);
    const done = program.line();
    const before = openSockets();
    expect(await stackOf(target(program), PATIENT_MS)).toHaveProperty('frames');
    writeFileSync(`${program.file}.end`, '');
    expect(await done).toBe('done');
    await vi.waitFor(() => expect(openSockets()).toBe(before));
  });

  it('finds the path of an inspector that keeps it secret, and without it gets no stack', async () => {
    const secret = ['--inspect-port=0', '--inspect-publish-uid=stderr'];
    const program = await startProgram(thenBlock('function block() { for (;;); }'), 'cjs', secret);
    const paths = new InspectorPaths();
    const inspectorPath = (port: number): string | null => {
      paths.read(Buffer.from(program.stderr()));
      return paths.at(port);
    };
    expect(where(await stackOf(target(program, { inspectorPath }), PATIENT_MS), program)).toBe('in `block` (FILE:1)');
    const other = await startProgram(thenBlock('function block() { for (;;); }'), 'cjs', secret);
    expect(await stackOf(target(other), PATIENT_MS)).toEqual({ reason: 'no-inspector' });
  });

  it('uses an inspector that is already open', async () => {
    const program = await startProgram(thenBlock('function block() { for (;;); }'), 'cjs', ['--inspect=0']);
    const [, port] = [...listeningPorts(program.pid)].find(([inode]) => ownsSocket(program.pid, inode)) ?? [];
    expect(where(await stackOf(target(program, { inspectorPort: port ?? 0, ownSigusr1: true }), PATIENT_MS), program)).toBe('in `block` (FILE:1)');
  });

  it.each([
    ['a key derivation', `function block() { require('node:crypto').pbkdf2Sync('a', 'b', 2 ** 31 - 1, 64, 'sha512'); }`],
    [
      'opening a pipe that nobody writes',
      `function block() { const f = __filename + '.pipe'; require('node:child_process').execFileSync('mkfifo', [f]); require('node:fs').openSync(f); }`,
    ],
  ])('cannot interrupt %s', async (_, functions) => {
    expect(await stackOf(target(await startProgram(thenBlock(functions))), SHORT_MS)).toEqual({ reason: 'native' });
  });

  it('reports a stopped process', async () => {
    const program = await startProgram(thenBlock('function block() { for (;;); }'));
    program.child.kill('SIGSTOP');
    await vi.waitFor(() => expect(processState(program.pid)).toBe('T'));
    expect(await stackOf(target(program))).toEqual({ reason: 'stopped' });
  });

  it('does not disturb an app that listens for SIGUSR1 itself', async () => {
    const program = await startProgram(
      `process.on('SIGUSR1', () => console.log('SIGUSR1')); process.on('SIGUSR2', () => console.log('SIGUSR2')); console.log('up'); setInterval(() => {}, 1e6);`,
    );
    expect(await stackOf(target(program, { ownSigusr1: true }))).toEqual({ reason: 'no-inspector' });
    const next = program.line();
    program.child.kill('SIGUSR2');
    expect(await next).toBe('SIGUSR2');
    expect(await stackOf(target(program), SHORT_MS), 'not known to listen').toEqual({ reason: 'native' });
  });

  it('does not kill a program without a handler for SIGUSR1', async () => {
    const program = await startProgram(`
      const child = require('node:child_process').spawn('sh', ['-c', 'echo $$; read line'], { stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdout.once('data', (pid) => process.stdout.write('up\\n', () => process.stdout.write(pid)));
    `);
    const pid = Number(await program.line());
    expect(await stackOf(target({ pid }))).toEqual({ reason: 'no-inspector' });
    expect(processState(pid)).toBe('S');
  });

  it('reports a process that has ended', async () => {
    expect(await stackOf(target({ pid: NO_PROCESS }))).toEqual({ reason: 'gone' });
  });

  it('does not reject if the port is not an inspector', async () => {
    const program = await startProgram(thenBlock('function block() { for (;;); }'));
    expect(await stackOf(target(program, { inspectorPort: 1 }))).toEqual({ reason: 'no-inspector' });
  });
});
