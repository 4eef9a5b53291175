import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, type TestContext } from 'vitest';
import type { Sandbox } from './sandbox.ts';

/** Where `test/pm2.mjs` installs it. */
const PROGRAM = join(tmpdir(), 'lb-test-pm2/node_modules/pm2/bin/pm2');
const NEEDS = 'needs PM2: node test/pm2.mjs';

/** Without PM2 the test is skipped, and says why. */
export function needsPm2({ task, skip }: TestContext): void {
  if (existsSync(PROGRAM)) return;
  console.warn(`${task.name}: ${NEEDS}`);
  skip(NEEDS);
}

/** A daemon of PM2 with a home in the sandbox. */
export class Pm2 {
  readonly home: string;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.home = join(sandbox.directory, 'pm2');
  }

  /** Runs one of its commands, which must succeed. Resolves with what it printed. */
  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd: this.#sandbox.directory,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#sandbox.directory, PM2_HOME: this.home, PM2_DISCRETE_MODE: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    if (code !== 0) throw new Error(`pm2 ${words.join(' ')}: exit code ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async names(): Promise<string[]> {
    return (JSON.parse(await this.run(['jlist', '-s'])) as { name: string }[]).map(({ name }) => name);
  }

  /** What `lb migrate` needs beside its own environment. */
  get env(): Readonly<Record<string, string>> {
    return { PM2_HOME: this.home };
  }

  /** Which PM2 runs. */
  readonly which: readonly string[] = ['--pm2', PROGRAM];

  get flags(): readonly string[] {
    return [...this.which, '--trust-local-users'];
  }

  /** The names of the apps that it would start after a reboot. */
  get saved(): string[] {
    return (JSON.parse(readFileSync(join(this.home, 'dump.pm2'), 'utf8')) as { name: string }[]).map(({ name }) => name);
  }
}

/** PM2 for a test file; its daemon is ended after the last test. */
export function createPm2(sandbox: Sandbox): Pm2 {
  const pm2 = new Pm2(sandbox);
  afterAll(async () => {
    if (existsSync(join(pm2.home, 'pm2.pid'))) await pm2.run(['kill']);
  });
  return pm2;
}
