import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../lib/ports.mjs';
import { childrenOf, sendSignal } from '../lib/processes.mjs';
import { waitFor } from '../lib/wait.mjs';

/** What differs between them: the configuration, a line of it for each port behind it, and the arguments. */
export const NGINX = {
  name: 'nginx',
  config: 'nginx.conf',
  server: (port) => `        server 127.0.0.1:${port};`,
  args: (directory, config) => ['-p', `${directory}/`, '-c', config, '-e', 'stderr'],
};
/** Without a word about connections. */
export const BARE_NGINX = { ...NGINX, config: 'nginx-bare.conf' };
export const HAPROXY = {
  name: 'HAProxy',
  config: 'haproxy.cfg',
  server: (port) => `    server app${port} 127.0.0.1:${port}`,
  args: (_directory, config) => ['-db', '-q', '-f', config],
};

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => resolve(false));
    socket.on('connect', () => resolve(true) || socket.destroy());
  });

/** A proxy in front of another subject. */
export class Proxied {
  /** @type {import('node:child_process').ChildProcess[]} */
  #proxies = [];

  /**
   * @param {import('../lib/workspace.mjs').Workspace} workspace
   * @param {typeof NGINX} kind
   * @param {string} program
   * @param {{ start(options: { workers: number }): Promise<import('../lib/cost.mjs').Target>, close(): Promise<void> }} behind
   */
  constructor(workspace, kind, program, behind) {
    this.workspace = workspace;
    this.name = kind.name;
    this.kind = kind;
    this.program = program;
    this.behind = behind;
  }

  /** @param {{ workers: number, flags?: readonly string[] }} options of the subject behind it */
  async start(options) {
    const behind = await this.behind.start(options);
    const port = await freePort();
    const directory = this.workspace.newDirectory(this.kind.name);
    const config = join(directory, this.kind.config);
    const template = readFileSync(new URL(`../proxies/${this.kind.config}`, import.meta.url), 'utf8');
    const servers = behind.ports.map(this.kind.server).join('\n');
    writeFileSync(config, template.replace('@PORT@', String(port)).replace('@SERVERS@', servers));
    const proxy = spawn(this.program, this.kind.args(directory, config), {
      env: this.workspace.env,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#proxies.push(proxy);
    await this.#untilServing(proxy, port);
    return {
      ports: [port],
      get processes() {
        return [proxy.pid, ...childrenOf(proxy.pid), ...behind.processes];
      },
    };
  }

  async #untilServing(proxy, port) {
    let output = '';
    proxy.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    proxy.once('error', (error) => (output += error.message));
    await waitFor(`${this.name} to listen`, () => proxy.exitCode !== null || accepts(port));
    if (proxy.exitCode !== null) throw new Error(`${this.name}: exit code ${proxy.exitCode}\n${output}`);
  }

  async close() {
    for (const proxy of this.#proxies.splice(0)) {
      if (proxy.exitCode !== null || proxy.signalCode !== null) continue;
      const children = childrenOf(proxy.pid);
      const ended = once(proxy, 'exit');
      proxy.kill('SIGTERM');
      const timer = setTimeout(() => [proxy.pid, ...children].forEach((pid) => sendSignal(pid, 'SIGKILL')), 3_000);
      await ended;
      clearTimeout(timer);
    }
    await this.behind.close();
  }
}
