/** @module-tag light */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { getJson, request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { processesOf } from '../helpers/processes.ts';
import { createSandbox, Sandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
let folders = 0;

/** A path for a log in a folder of its own, outside the home. */
function logPath(name = 'app.log'): string {
  const folder = join(sandbox.directory, `logs${++folders}`);
  mkdirSync(folder);
  return join(folder, name);
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** Everything in a log and its rotated files, oldest first. */
function everything(path: string): string {
  const number = (file: string): number => Number(/\.(\d+)(\.gz)?$/.exec(file)?.[1] ?? 0);
  const files = readdirSync(dirname(path)).filter((file) => file.startsWith(basename(path)) && !file.endsWith('.tmp'));
  const contents = files.sort((a, b) => number(b) - number(a)).map((file) => readFileSync(join(dirname(path), file)));
  return contents.map((bytes, index) => (files[index]?.endsWith('.gz') === true ? gunzipSync(bytes) : bytes).toString()).join('');
}

const print = (port: number, text: string, to = 'out'): Promise<unknown> => request(`/?to=${to}`, { port, method: 'POST', body: text });

/** Numbered lines, printed until it is stopped; resolves with how many. */
function printNumbered(port: number): () => Promise<number> {
  let count = 0;
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      const lines = Array.from({ length: 20 }, (_, index) => `line ${count + index}\n`).join('');
      await print(port, lines);
      count += 20;
    }
  })();
  return async () => {
    isStopped = true;
    await done;
    return count;
  };
}

const numbered = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}\n`).join('');

it('what console prints to stdout and stderr in turn is in its order where both go to one place', { tags: ['every-node'] }, async () => {
  const file = logPath();
  const { port } = await sandbox.start('both-outputs.cjs', { instances: 1, flags: ['-o', file, '-e', file] });
  await request('/', { port });
  await sandbox.waitFor('the last line', () => textOf(file).includes('n 99\n'), { context: () => textOf(file) });
  expect(textOf(file)).toBe(Array.from({ length: 100 }, (_, n) => `n ${n}\n`).join(''));
});

it('a device, a named pipe or a link is written to and never rotated away; who reads too slowly delays nobody', async () => {
  const pipe = logPath('pipe');
  execFileSync('mkfifo', [pipe]);
  const link = logPath();
  const real = logPath('real.log');
  symlinkSync(real, link);
  const limits = ['--log-max-size', '8K', '--log-keep', '20'];
  const piped = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', pipe, '-e', '/dev/stdout', ...limits] });
  const linked = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', link, ...limits] });

  // Nobody reads the pipe: 12 MB, more than is kept for it.
  const line = `${'x'.repeat(9_999)}\n`;
  for (let round = 0; round < 12; round++) await print(piped.port, line.repeat(100));
  for (let round = 0; round < 10; round++) await print(linked.port, numbered(200));
  await print(piped.port, `to the device ${'y'.repeat(20_000)}\n`, 'err');
  const events = await sandbox.waitFor('the report', async () => {
    const { stdout } = await sandbox.ok('events', piped.name, '--json');
    return stdout.includes('ENXIO') ? stdout : null;
  });
  expect(events).toContain(`${pipe} cannot be written`);
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'ignore'] });
  let read = '';
  reader.stdout.on('data', (chunk: Buffer) => (read += chunk.toString()));
  await sandbox.waitFor('the pipe to be read', () => read.includes('x'));
  await print(piped.port, 'and on\n');
  await sandbox.waitFor('what comes afterwards', () => read.endsWith('and on\n'));
  expect(read).toMatch(/^(?:x{9999}\n)+and on\n$/);
  expect((await sandbox.ok('events', piped.name, '--json')).stdout).toMatch(/can be written again; [1-9]\d* bytes were lost/);
  expect(statSync(pipe).isFIFO()).toBe(true);

  // Stdout of a primary is the log of the daemon.
  const daemonLog = join(sandbox.home, 'daemon.log');
  await sandbox.waitFor('the device', () => textOf(daemonLog).includes('to the device'));
  expect(readdirSync(sandbox.home).filter((file) => file.startsWith('daemon.log'))).toEqual(['daemon.log']);

  await sandbox.waitFor('all lines behind the link', () => everything(real) === numbered(200).repeat(10));
  expect(readlinkSync(link)).toBe(real);
  expect(readdirSync(dirname(link))).toEqual(['app.log']);
  expect(readdirSync(dirname(real)).length).toBeGreaterThan(1);
});

it('nothing is lost when logrotate renames a file, whether it tells lb or not; mode and owner stay', async () => {
  const path = logPath();
  writeFileSync(path, '');
  chmodSync(path, 0o640);
  const { name, port } = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', path] });
  const daemon = await sandbox.daemonPid();
  const stop = printNumbered(port);
  const grown = (): Promise<unknown> => sandbox.waitFor('lines', () => textOf(path).length > 2_000);
  const rename = async (number: number): Promise<string> => {
    await grown();
    renameSync(path, `${path}.${number}`);
    return `${path}.${number}`;
  };
  const create = (): void => writeFileSync(path, '', { flag: 'wx', mode: 0o640 });
  const compress = (file: string): void => {
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    rmSync(file);
  };
  // `create`, `compress`, and `postrotate` with the documented command.
  let rotated = await rename(9);
  create();
  await sandbox.ok('logs', name, '--reopen');
  compress(rotated);
  rotated = await rename(8);
  create();
  await sandbox.ok('logs', '--reopen');
  compress(rotated);
  // `nocreate`, and the signal that PM2 knows; `delaycompress` leaves the time to notice it.
  rotated = await rename(7);
  process.kill(daemon, 'SIGUSR2');
  await grown();
  compress(rotated);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  process.kill(await sandbox.primaryPid(name), 'SIGUSR2');
  // Nobody tells.
  rotated = await rename(6);
  await grown();
  compress(rotated);
  // `copytruncate`, while nothing is printed: what comes between copy and truncation is lost by its nature.
  const count = await stop();
  await sandbox.waitFor('the last line', () => textOf(path).endsWith(`line ${count - 1}\n`));
  writeFileSync(`${path}.5`, readFileSync(path));
  writeFileSync(path, '');
  await print(port, 'the end\n');
  await sandbox.waitFor('the end', () => textOf(path) === 'the end\n');
  expect(everything(path)).toBe(`${numbered(count)}the end\n`);
  expect(await sandbox.daemonPid()).toBe(daemon);
});

it('two apps may write to the same file, also through a link: both are named, and no line is lost', async () => {
  const path = logPath();
  const link = logPath('link.log');
  symlinkSync(path, link);
  const limits = ['--log-max-size', '16K', '--log-keep', '200'];
  const one = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', path, ...limits] });
  const two = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', link, ...limits] });
  expect(two.result.stderr).toMatch(new RegExp(`${two.name} and ${one.name} both write to ${path}`));
  const lines = (name: string, round: number): string => Array.from({ length: 100 }, (_, n) => `${name} ${round} ${n} ${'x'.repeat(80)}.\n`).join('');
  await Promise.all(
    [one, two].map(async ({ name, port }) => {
      for (let round = 0; round < 60; round++) await print(port, lines(name, round));
    }),
  );
  const expected = [one, two].map(({ name }) => Array.from({ length: 60 }, (_, round) => lines(name, round)).join(''));
  await sandbox.waitFor('all lines', () => everything(path).length === expected.join('').length);
  for (const [index, { name }] of [one, two].entries()) {
    const own = everything(path)
      .split('\n')
      .filter((line) => line.startsWith(`${name} `));
    expect(`${own.join('\n')}\n`).toBe(expected[index]);
  }
});

it('a line of a mebibyte stays whole, also where workers and both streams share a file', async () => {
  const path = logPath();
  const { port } = await sandbox.start('prints.cjs', { instances: 2, flags: ['-o', path, '-e', path, '--log-max-size', '100M'] });
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => getJson(port, `/?lines=4&bytes=${index % 2 === 0 ? 1024 * 1024 - 40 : 200}`)),
  );
  expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
  const lines = await sandbox.waitFor('all lines', () => {
    const found = textOf(path).split('\n').slice(0, -1);
    return found.length >= 64 ? found : null;
  });
  expect(lines.length).toBe(64);
  for (const line of lines)
    expect(/^\d+ (?:out|err) [1-4] x+\.$/.test(line) && [200, 1024 * 1024 - 40].includes(line.replaceAll(/[^x]/g, '').length), line.slice(0, 80)).toBe(true);
});

it('the beginning of a line is written after a second, and goes on, unless another worker comes between', async () => {
  const path = logPath();
  const { name, port } = await sandbox.start('prints.cjs', { instances: 2, flags: ['-o', path] });
  await print(port, 'waiting ');
  await sandbox.waitFor('the beginning', () => textOf(path) === 'waiting ');
  const shown = await sandbox.ok('logs', name, '--no-follow');
  expect(shown.stdout).toMatch(/\[\d\] waiting $/m);
  // Round-robin: the other worker, then the first one again.
  await print(port, 'another one\n');
  await print(port, 'done\n');
  await sandbox.waitFor('the rest', () => textOf(path) === 'waiting \nanother one\ndone\n');

  await sandbox.ok('scale', name, '1');
  await print(port, '. ');
  await sandbox.waitFor('a dot', () => textOf(path).endsWith('\n. '));
  await print(port, '. ');
  await sandbox.waitFor('the next dot', () => textOf(path).endsWith('\n. . '));
  await print(port, 'ready\n');
  await sandbox.waitFor('the end of the line', () => textOf(path).endsWith('\n. . ready\n'));
});

it('S29: a full disk, a log folder that disappears and a flood of output cost no request, and what is lost is counted', async () => {
  const path = logPath();
  const limits = ['--log-max-size', '8M', '--log-keep', '1'];
  const { name, port } = await sandbox.start('prints.cjs', { flags: ['-o', path, '-e', '/dev/full', ...limits] });
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  const flood = Array.from({ length: 6 }, () => request('/?lines=20000&bytes=180', { port, timeoutMs: 30_000 }));
  await sandbox.waitFor('the flood', () => textOf(path).length > 1_000_000);
  rmSync(dirname(path), { recursive: true });
  for (const { status } of await Promise.all(flood)) expect(status).toBe(200);
  await print(port, 'after the flood\n');
  await sandbox.waitFor('the folder to be back', () => textOf(path).endsWith('after the flood\n'));
  expect(textOf(path)).toMatch(/^(?:\d+ out \d+ x{180}\.\n)*after the flood\n$/);
  expectLossless(await load.stop(), 'flood');
  await sandbox.ok('stop', name);
  const { stdout } = await sandbox.ok('events', name, '--json');
  expect(stdout).toContain('/dev/full cannot be written: ENOSPC');
  expect(stdout).toMatch(/\/dev\/full was closed; [1-9]\d+ bytes were lost/);
  expect(stdout).not.toContain(path);
});

it('lb run prints a line that goes on without a newline, and nothing a second time', async () => {
  const other = new Sandbox();
  try {
    const port = await freePort();
    const run = other.lbBackgroundWith({ env: { PORT: String(port) } }, 'run', fixture('prints.cjs'), '-n', 'api', '-i', '2', '-o', '/dev/stdout');
    await other.waitFor('it to be online', async () => (await other.snapshot('api')).ready === 2);
    await print(port, 'waiting ');
    await other.waitFor('the beginning', () => run.stdout === 'waiting ');
    await print(port, 'another one\n');
    await print(port, 'done\n');
    await other.waitFor('the rest', () => run.stdout === 'waiting \nanother one\ndone\n');
    expect(textOf(join(other.home, 'daemon.log'))).not.toContain('another one');
    run.kill('SIGTERM');
    await run.ended;
  } finally {
    await other.dispose();
  }
});

it('lines as JSON have the keys of PM2, and lb logs shows the messages', async () => {
  const path = logPath();
  const { name, port } = await sandbox.start('prints.cjs', { instances: 1, flags: ['-o', path, '-e', path, '--log-type', 'json'] });
  await print(port, 'say "hi"\n');
  await print(port, 'oh no\n', 'err');
  const entries = await sandbox.waitFor('both lines', () => {
    const lines = textOf(path).split('\n').slice(0, -1);
    return lines.length === 2 ? lines.map((line) => JSON.parse(line) as Record<string, unknown>) : null;
  });
  expect(entries.map(({ message }) => message)).toEqual(['say "hi"\n', 'oh no\n']);
  for (const [index, entry] of entries.entries()) {
    expect(Object.keys(entry)).toEqual(['message', 'timestamp', 'type', 'process_id', 'app_name']);
    expect(entry).toMatchObject({ type: index === 0 ? 'out' : 'err', process_id: 0, app_name: name });
    expect(Math.abs(Date.parse(String(entry['timestamp'])) - Date.now())).toBeLessThan(60_000);
  }
});

it('the journal gets the output through systemd-cat; where that is missing, the start fails', async () => {
  const bin = join(sandbox.directory, 'bin');
  const journal = join(sandbox.directory, 'journal');
  mkdirSync(bin);
  const other = new Sandbox();
  try {
    // The daemon has the PATH of the command that starts it.
    const env = { PATH: bin };
    const failed = await other.tryStart('prints.cjs', { env, flags: ['-o', 'journal'] });
    expect([failed.result.code, failed.result.stderr]).toEqual([
      1,
      expect.stringContaining(`out_file is "journal", which needs systemd-cat; it is not on the PATH of the daemon (${bin})`),
    ]);

    writeFileSync(join(bin, 'systemd-cat'), `#!/bin/sh\necho "[$*]" >> ${journal}\nexec /bin/cat >> ${journal}\n`, { mode: 0o755 });
    const { name, port } = await other.start('prints.cjs', { env, flags: ['-o', 'journal', '-e', 'journal'] });
    await print(port, 'to the journal\n');
    await print(port, 'an error\n', 'err');
    await other.waitFor('both lines', () => textOf(journal).includes('an error\n') && textOf(journal).includes('to the journal\n'));
    expect(
      textOf(journal)
        .match(/^\[.*\]$/gm)
        ?.sort(),
    ).toEqual([`[-t ${name} -p err]`, `[-t ${name} -p info]`]);
    expect((await other.ok('show', name)).stdout).toContain('journal');
    for (const { pid } of processesOf(other.directory).filter(({ command }) => command === '/bin/cat')) process.kill(pid, 'SIGKILL');
    await other.waitFor('it to be started again', async () => {
      await print(port, 'again\n');
      return textOf(journal).includes('again\n');
    });
  } finally {
    await other.dispose();
  }
});
