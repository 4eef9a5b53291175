import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AppSnapshot, WorkerSnapshot } from '../../src/protocol/snapshot.ts';
import type { DaemonHello } from '../../src/protocol/control.ts';
import { homePaths } from '../../src/system/paths.ts';
import { controlRequest, type ControlAnswer } from './control.ts';
import { fixture } from './paths.ts';
import { freePort } from './ports.ts';
import { killProcess, processesOf, type ProcessInfo } from './processes.ts';
import { LbProcess, type LbOptions, type LbResult, type UserIds } from './run-lb.ts';
import { waitFor, type WaitOptions } from './wait.ts';

export interface StartOptions extends LbOptions {
  /** Default: one made from the script's name. */
  readonly name?: string;
  /** Default: 2. Null leaves the number, and with it the kind of worker, to lb. */
  readonly instances?: number | string | null;
  /** Default: a free one. */
  readonly port?: number;
  /** More words of the command line. */
  readonly flags?: readonly string[];
}

export interface StartedApp {
  readonly name: string;
  readonly port: number;
  readonly result: LbResult;
}

const tail = (text: string, lines: number): string => text.trimEnd().split('\n').slice(-lines).join('\n');
const describeProcess = (found: ProcessInfo): string => `pid ${found.pid} (state ${found.state}, parent ${found.parent}): ${found.command.slice(0, 200)}`;

/** An `LB_HOME` of its own with everything that runs in it; leaves nothing behind, and says so when something was. */
export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'lb-'));
  readonly home = join(this.directory, 'home');
  /** What is in the environment of every command. */
  readonly env: Readonly<Record<string, string>> = {
    PATH: process.env['PATH'] ?? '',
    HOME: this.directory,
    LB_HOME: this.home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
  };
  readonly #background: LbProcess[] = [];
  readonly #transcript: LbResult[] = [];
  readonly #user: UserIds | undefined;
  #names = 0;

  /** @param user whose daemon it is; only root may choose */
  constructor(user?: UserIds) {
    this.#user = user;
    if (user === undefined) return;
    chownSync(this.directory, user.uid, user.gid);
    chmodSync(this.directory, 0o755);
  }

  get socket(): string {
    return homePaths(this.home).socket;
  }

  get attach(): string {
    return homePaths(this.home).attach;
  }

  /** Runs a command to its end; whether it succeeded is for the caller to judge. */
  async lb(...args: string[]): Promise<LbResult> {
    return this.lbWith({}, ...args);
  }

  async lbWith(options: LbOptions, ...args: string[]): Promise<LbResult> {
    const result = await this.#spawn(options, args).ended;
    this.#transcript.push(result);
    return result;
  }

  /** Runs a command that must succeed. */
  async ok(...args: string[]): Promise<LbResult> {
    const result = await this.lb(...args);
    if (result.code !== 0) throw new Error(`expected success: ${result.toString()}`);
    return result;
  }

  /** Starts a command and leaves it running; it is ended with the sandbox at the latest. */
  lbBackground(...args: string[]): LbProcess {
    return this.lbBackgroundWith({}, ...args);
  }

  lbBackgroundWith(options: LbOptions, ...args: string[]): LbProcess {
    const started = this.#spawn({ timeoutMs: 120_000, ...options }, args);
    this.#background.push(started);
    return started;
  }

  #spawn(options: LbOptions, args: readonly string[]): LbProcess {
    return new LbProcess(
      args,
      { ...this.env, ...options.env },
      options.cwd ?? this.directory,
      options.timeoutMs ?? 45_000,
      options.user ?? this.#user,
      options.program,
      options.stdin,
    );
  }

  /** `lb start` of a script (a fixture's name, or an absolute path), without judging the outcome. */
  async tryStart(script: string, options: StartOptions = {}): Promise<StartedApp> {
    const name = options.name ?? `app${++this.#names}`;
    const port = options.port ?? (await freePort());
    const path = script.startsWith('/') ? script : fixture(script);
    const { instances = 2, flags = [], env, ...rest } = options;
    // Several workers of an app that is not said to be plain make a cluster.
    const kind = process.env['LB_TEST_KIND'] === 'plain' ? ['--exec-mode', 'fork'] : [];
    const args = ['start', path, '-n', name, ...(instances === null ? [] : ['-i', String(instances)]), ...kind, ...flags];
    return { name, port, result: await this.lbWith({ ...rest, env: { PORT: String(port), ...env } }, ...args) };
  }

  /** `lb start` of a script that must come up. */
  async start(script: string, options: StartOptions = {}): Promise<StartedApp> {
    const started = await this.tryStart(script, options);
    if (started.result.code !== 0) throw new Error(`expected ${script} to start: ${started.result.toString()}`);
    return started;
  }

  /** Writes a file of an app, over the one that is there; returns its absolute path. */
  writeApp(name: string, source: string): string {
    const path = join(this.directory, 'apps', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, source);
    return path;
  }

  /** Puts a fixture's code where the app's script is: a deploy. The app calls itself `version`; `env` is baked in too. */
  deploy(name: string, fixtureName: string, version: string, env: Readonly<Record<string, string>> = {}): string {
    const baked = JSON.stringify({ VERSION: version, ...env });
    return this.writeApp(name, `Object.assign(process.env, ${baked});\n${readFileSync(fixture(fixtureName), 'utf8')}`);
  }

  control(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ControlAnswer> {
    return controlRequest(this.socket, method, path, body, headers);
  }

  async apps(): Promise<readonly AppSnapshot[]> {
    return (await this.control('GET', '/v1/apps')).json<{ apps: AppSnapshot[] }>().apps;
  }

  async snapshot(app: string): Promise<AppSnapshot> {
    const answer = await this.control('GET', `/v1/apps/${encodeURIComponent(app)}`);
    if (answer.status !== 200) throw new Error(`GET /v1/apps/${app}: ${answer.status} ${answer.text}`);
    return answer.json<AppSnapshot>();
  }

  /** Workers that take connections, by slot. */
  async readyWorkers(app: string): Promise<readonly WorkerSnapshot[]> {
    return (await this.snapshot(app)).workers.filter((worker) => worker.state === 'ready').sort((a, b) => a.slot - b.slot);
  }

  async workerPids(app: string): Promise<readonly number[]> {
    return (await this.readyWorkers(app)).map((worker) => worker.pid);
  }

  async primaryPid(app: string): Promise<number> {
    const { primaryPid } = await this.snapshot(app);
    if (primaryPid === null) throw new Error(`${app} has no primary`);
    return primaryPid;
  }

  /** Kills the primary of an app that is online; resolves when the next one has all its workers. */
  async killPrimary(app: string): Promise<void> {
    const primary = await this.primaryPid(app);
    process.kill(primary, 'SIGKILL');
    // For a moment, the daemon still answers with what the dead one said last.
    const isBack = (now: AppSnapshot): boolean =>
      now.primaryPid !== null && now.primaryPid !== primary && now.state === 'online' && now.ready === now.instances && now.operation === null;
    await this.waitForApp(app, 'have a new primary', isBack);
  }

  async daemonPid(): Promise<number> {
    return (await this.control('GET', '/v1/hello')).json<DaemonHello>().pid;
  }

  /** Until the app is online with all its workers and no operation runs. */
  async waitForOnline(app: string, options: WaitOptions = {}): Promise<AppSnapshot> {
    return this.waitForApp(app, 'be online', (now) => now.state === 'online' && now.ready === now.instances && now.operation === null, options);
  }

  async waitForApp(app: string, what: string, is: (now: AppSnapshot) => boolean, options: WaitOptions = {}): Promise<AppSnapshot> {
    let last: AppSnapshot | undefined;
    const context = (): string => `${JSON.stringify(last, undefined, 1)?.slice(0, 4000)}\n${this.report()}`;
    return this.waitFor(
      `${app} to ${what}`,
      async () => {
        last = await this.snapshot(app);
        return is(last) ? last : null;
      },
      { context, ...options },
    );
  }

  /** `waitFor` with the end of the daemon's log in its message. */
  waitFor<T>(description: string, ask: () => T | Promise<T>, options: WaitOptions = {}): ReturnType<typeof waitFor<T>> {
    return waitFor(description, ask, { context: () => this.daemonLog(), ...options });
  }

  daemonLog(lines = 30): string {
    const file = join(this.home, 'daemon.log');
    return existsSync(file) ? `--- daemon.log\n${tail(readFileSync(file, 'utf8'), lines)}` : '--- no daemon.log';
  }

  /** Every file below the directory of logs, by its name. */
  logFiles(): Map<string, Buffer> {
    const directory = join(this.home, 'logs');
    if (!existsSync(directory)) return new Map();
    return new Map(
      readdirSync(directory)
        .sort()
        .map((name) => [name, readFileSync(join(directory, name))]),
    );
  }

  /** All that helps to understand a failure. */
  report(): string {
    const commands = this.#transcript.slice(-6).map(String);
    const logs = [...this.logFiles()].filter(([name]) => name.endsWith('.log')).map(([name, content]) => `--- ${name}\n${tail(content.toString('utf8'), 12)}`);
    const processes = processesOf(this.directory).map(describeProcess);
    return ['=== last commands', ...commands, '=== logs', this.daemonLog(60), ...logs, '=== processes', ...processes].join('\n');
  }

  async #delete(app: string): Promise<void> {
    const { status, text } = await this.control('DELETE', `/v1/apps/${encodeURIComponent(app)}`, { now: true });
    if (status !== 200 || !text.includes('"ok":true')) throw new Error(`DELETE /v1/apps/${app}: ${status} ${text}`);
  }

  /** Ends every app at once and forgets it, so that the next test finds an empty daemon. */
  async clear(): Promise<void> {
    const apps = await this.apps().catch(() => []);
    await Promise.all(apps.map(({ name }) => this.#delete(name)));
  }

  /**
   * Ends everything.
   * @param graceMs how long processes may take to be gone after `lb kill`.
   * @throws when something was left behind; it is gone afterwards all the same.
   */
  async dispose(graceMs = 5000): Promise<void> {
    for (const started of this.#background) if (started.child.exitCode === null) started.kill('SIGKILL');
    await this.clear();
    const killed = existsSync(this.socket) ? await this.lb('kill') : undefined;
    const left = await this.#leftovers(graceMs);
    const trouble = left.map((found) => `left behind: ${describeProcess(found)}`);
    if (killed !== undefined && killed.code !== 0) trouble.push(`expected success: ${killed.toString()}`);
    for (const socket of [this.socket, this.attach]) if (existsSync(socket)) trouble.push(`left behind: ${socket}`);
    trouble.push(...this.#bugs());
    const report = trouble.length === 0 ? '' : this.report();
    for (const found of left) killProcess(found, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    if (trouble.length > 0) throw new Error(`${trouble.join('\n')}\n${report}`);
  }

  /** Errors in lb that it survived. */
  #bugs(): string[] {
    const files = ['events.ndjson', 'events.1.ndjson'].map((name) => join(this.home, name)).filter((file) => existsSync(file));
    const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    return lines.filter((line) => line.includes('"kind":"bug"')).slice(0, 3);
  }

  async #leftovers(graceMs: number): Promise<ProcessInfo[]> {
    try {
      await waitFor('all processes to end', () => processesOf(this.directory).length === 0, { deadlineMs: graceMs });
      return [];
    } catch {
      return processesOf(this.directory);
    }
  }
}

/** A sandbox for a test file: apps are deleted after each test, everything is ended after the last. */
export async function createSandbox(user?: UserIds): Promise<Sandbox> {
  // Vitest can be loaded only by what it runs, and a chaos run has sandboxes too.
  const { afterAll, afterEach } = await import('vitest');
  const sandbox = new Sandbox(user);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(`${task.name}\n${sandbox.report()}`);
    await sandbox.clear();
  });
  afterAll(() => sandbox.dispose());
  return sandbox;
}
