/** @module-tag light */
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const SERVER = readFileSync(fixture('plain-http.cjs'), 'utf8');

/** A project as npm installs it: a tool with a server in `node_modules`, linked from `.bin`, and a stand-in for tsx. */
function project(name: string, scripts: Readonly<Record<string, string>>): string {
  const write = (path: string, text: string): string => sandbox.writeApp(`${name}/${path}`, text);
  const directory = dirname(write('package.json', JSON.stringify({ name: `@acme/${name}`, scripts })));
  write('dist/server.js', SERVER);
  chmodSync(write('node_modules/framework/bin.js', `#!/usr/bin/env node\n${SERVER}`), 0o755);
  mkdirSync(join(directory, 'node_modules/.bin'));
  symlinkSync('../framework/bin.js', join(directory, 'node_modules/.bin/framework'));
  write('node_modules/tsx/package.json', '{ "name": "tsx", "exports": "./loader.mjs" }');
  const strip = `export async function load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const { readFile } = await import('node:fs/promises');
    return { format: 'commonjs', shortCircuit: true, source: (await readFile(new URL(url), 'utf8')).replaceAll(': string', '') };
  }`;
  const loader = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(strip)}));`;
  write('node_modules/tsx/loader.mjs', loader);
  write('src/app.ts', `const typed: string = 'typed';\nprocess.env.VERSION = typed;\n${SERVER}`);
  return directory;
}

async function start(cwd: string, ...words: string[]): Promise<{ port: number; result: LbResult }> {
  const port = await freePort();
  const result = await sandbox.lbWith({ cwd, env: { PORT: String(port) } }, 'start', ...words);
  expect(result.code, String(result)).toBe(0);
  return { port, result };
}

it('lb start npm -- start: two workers of the script behind it serve, with its variables', async () => {
  const directory = project('shop', { start: 'cross-env VERSION=from-the-script node dist/server.js' });
  const { port, result } = await start(directory, 'npm', '-i', '2', '--', 'start');
  expect(result.stderr).toContain('npm start -> node dist/server.js');
  expect((await getJson(port)).version).toBe('from-the-script');
  const app = await sandbox.waitForOnline('shop');
  expect(app.workers).toHaveLength(2);
  expect(app.spec).toMatchObject({ script: join(directory, 'dist/server.js'), cwd: directory });
  await sandbox.ok('reload', 'shop', '--monitor', '100');
  expect((await getJson(port)).version).toBe('from-the-script');
});

it('lb start <tool> -- start: a program of node_modules/.bin', async () => {
  const { port, result } = await start(project('web', {}), 'framework', '-n', 'web', '--', 'start');
  expect(result.stderr).toContain('framework start -> node node_modules/framework/bin.js start');
  expect(await sandbox.workerPids('web')).toContain((await getJson(port)).pid);
});

it('an ecosystem file with npm, and TypeScript through the tsx of the project', async () => {
  const directory = project('both', { start: 'node dist/server.js' });
  const [first, second] = [await freePort(), await freePort()];
  const apps = [
    { name: 'js', script: 'npm', args: 'start', interpreter: 'none', env: { PORT: first } },
    { name: 'ts', script: 'src/app.ts', interpreter: 'tsx', env: { PORT: second } },
  ];
  sandbox.writeApp('both/ecosystem.config.json', JSON.stringify({ apps }));
  const result = await sandbox.lbWith({ cwd: directory }, 'start', 'ecosystem.config.json');
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).toContain('src/app.ts -> node --import tsx src/app.ts');
  expect((await getJson(second)).version).toBe('typed');
  expect(await sandbox.workerPids('js')).toContain((await getJson(first)).pid);
});

it('what can not be run: one message, the command that works, and nothing is started', async () => {
  const directory = project('none', { start: 'node dist/server.js' });
  const result = await sandbox.lbWith({ cwd: directory }, 'start', 'npm', '--', 'dev');
  expect(result.code, String(result)).toBe(2);
  expect(result.stderr).toContain('npm dev does not run a script of package.json\nhint: what works: lb start npm -- run dev');
  expect(await sandbox.apps().catch(() => [])).toEqual([]);
});

it('a script that needs a shell runs as a command, and the note names the command that runs its server as a Node.js app', async () => {
  const directory = project('shell', { start: 'true && node dist/server.js' });
  const port = await freePort();
  const result = await sandbox.lbWith({ cwd: directory, env: { PORT: String(port) } }, 'start', 'npm', '-n', 'shell', '--min-uptime', '10s', '--', 'start');
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).toMatch(/npm start runs as a command.*which needs a shell \(&&\) \(as a Node.js app: lb start dist\/server.js\)/);
  expect(result.stdout).toContain(`listening on tcp *:${port}`);
  await sandbox.ok('delete', 'shell');
});
