import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { resolveApps, type ResolveRequest, type ResolvedApps } from '../../../src/config/resolve.ts';
import { tempDir } from '../temp-dir.ts';

type Files = Readonly<Record<string, string>>;
const NODE_SHIM = '#!/usr/bin/env node\n';

const project = (scripts: Readonly<Record<string, string>>, more: object = {}): Files => ({
  'package.json': JSON.stringify({ name: '@acme/shop', version: '1.2.3', scripts, ...more }),
  'dist/server.js': '',
  'node_modules/next/dist/bin/next': NODE_SHIM,
  'node_modules/tsx/package.json': '{"name":"tsx"}',
  'src/app.ts': '',
});

async function resolveIn(
  files: Files,
  target: string | undefined,
  appArgs: readonly string[] = [],
  changes: Partial<ResolveRequest> = {},
): Promise<ResolvedApps> {
  const cwd = tempDir({ ...files, 'node_modules/.bin/none': '' });
  if (files['node_modules/next/dist/bin/next'] !== undefined) symlinkSync('../next/dist/bin/next', join(cwd, 'node_modules/.bin/next'));
  const env = { PATH: '/usr/bin:/bin', PORT: '5000' };
  const resolved = await resolveApps({
    target,
    flags: {},
    appArgs,
    env,
    cwd,
    home: '/home/lb',
    cpuBudget: 4,
    umask: 0o022,
    node: process.execPath,
    ...changes,
  });
  // The directory has another name each time.
  return JSON.parse(JSON.stringify(resolved).replaceAll(cwd, '/app')) as ResolvedApps;
}

const failing = async (...args: Parameters<typeof resolveIn>): Promise<LbError> =>
  resolveIn(...args).then(
    ({ notes }) => new LbError('LB_ERR_INTERNAL', { reason: `resolved to ${notes.join()}` }),
    (error: unknown) => error as LbError,
  );

describe('a script of package.json', () => {
  it('npm start: the script with its variables, in the directory and with the name of the package', async () => {
    const { apps, notes } = await resolveIn(project({ start: 'cross-env NODE_ENV=production PORT=4000 node --expose-gc dist/server.js --a' }), 'npm', [
      'start',
      '--',
      '--b',
    ]);
    expect(notes).toEqual(['npm start -- --b -> node --expose-gc dist/server.js --a --b']);
    expect(apps).toMatchObject([
      { name: 'shop', script: '/app/dist/server.js', args: ['--a', '--b'], cwd: '/app', nodeArgs: ['--expose-gc'], interpreter: null },
    ]);
    expect(apps[0]?.env).toMatchObject({ NODE_ENV: 'production', PORT: '4000', npm_package_version: '1.2.3', npm_lifecycle_event: 'start' });
  });

  it.each([
    ['npm run dev', [], 'npm run dev -> node node_modules/next/dist/bin/next start -p 5000'],
    ['yarn', ['dev'], 'yarn dev -> node node_modules/next/dist/bin/next start -p 5000'],
    ['pnpm dev', [], 'pnpm dev -> node node_modules/next/dist/bin/next start -p 5000'],
    ['yarn next build', [], 'yarn next build -> node node_modules/next/dist/bin/next build'],
  ])('%s %s', async (target, appArgs, note) => {
    expect((await resolveIn(project({ dev: 'next start -p $PORT' }), target, appArgs)).notes).toEqual([note]);
  });

  it('a script that calls scripts', async () => {
    const { notes, apps } = await resolveIn(project({ start: 'A=1 npm run serve', serve: 'A=2 B=2 node dist/server' }), 'npm start');
    expect(notes).toEqual(['npm start -> node dist/server.js']);
    expect(apps[0]?.env).toMatchObject({ A: '2', B: '2' });
  });

  it('--port and -n win', async () => {
    const files = project({ start: 'PORT=4000 next start -p ${PORT}' });
    const { apps } = await resolveIn(files, 'npm start', [], { flags: { port: '6000', name: 'web' } });
    expect(apps).toMatchObject([{ name: 'web', args: ['start', '-p', '6000'], env: { PORT: '6000' } }]);
  });

  it('says which hooks are not run', async () => {
    const { warnings } = await resolveIn(project({ prestart: 'next build', start: 'node dist/server.js' }), 'npm start');
    expect(warnings).toEqual(['package.json: the script "prestart" is not run; run it yourself: npm run prestart']);
  });

  it('a directory without a main file: its start script', async () => {
    const files = Object.fromEntries(Object.entries(project({ start: 'node ./dist/server.js' })).map(([name, text]) => [`web/${name}`, text]));
    expect(await resolveIn(files, './web')).toMatchObject({ notes: ['./web -> node dist/server.js'], apps: [{ name: 'shop', cwd: '/app/web' }] });
    expect(await resolveIn(project({ start: 'node dist/server.js' }), '.')).toMatchObject({ notes: ['. -> node dist/server.js'] });
    expect(await resolveIn(project({ start: 'node dist/server.js' }, { main: 'dist/server.js' }), '.')).toMatchObject({
      notes: [],
      apps: [{ name: 'server' }],
    });
  });
});

describe('other commands', () => {
  const PNPM =
    '#!/bin/sh\nif [ -x "$basedir/node" ]; then\n  exec "$basedir/node"  "$basedir/../next/dist/bin/next" "$@"\nelse\n  exec node  "$basedir/../next/dist/bin/next" "$@"\nfi\n';
  it.each([
    ['next', ['start', '-p', '3000'], 'next start -p 3000 -> node node_modules/next/dist/bin/next start -p 3000', 'next'],
    ['node dist/server.js --flag', [], 'node dist/server.js --flag -> node dist/server.js --flag', 'server'],
    ['NODE_ENV=x node dist/server', ['--more'], 'NODE_ENV=x node dist/server --more -> node dist/server.js --more', 'server'],
    ['npx tsx src/app.ts', [], 'npx tsx src/app.ts -> node --import tsx src/app.ts', 'app'],
    ['./node_modules/.bin/next', ['start'], './node_modules/.bin/next start -> node node_modules/next/dist/bin/next start', 'next'],
    ['dist/server.js --flag', [], 'dist/server.js --flag -> node dist/server.js --flag', 'server'],
  ])('%s %s', async (target, appArgs, note, name) => {
    const { notes, apps } = await resolveIn(project({}), target, appArgs);
    expect([notes, apps.map((app) => app.name)]).toEqual([[note], [name]]);
  });

  it("pnpm's shims", async () => {
    const files = { ...project({}), 'node_modules/.bin/pnext': PNPM };
    expect((await resolveIn(files, 'pnext', ['start'])).notes).toEqual(['pnext start -> node node_modules/next/dist/bin/next start']);
    expect((await resolveIn(files, './node_modules/.bin/pnext', ['start'])).apps).toMatchObject([
      { script: '/app/node_modules/next/dist/bin/next', args: ['start'] },
    ]);
  });

  it('a link that is no part of the command stays: a release that it names can be replaced', async () => {
    const cwd = tempDir({ 'releases/1/node_modules/next/bin.js': NODE_SHIM, 'releases/1/node_modules/.bin/none': '' });
    symlinkSync('../next/bin.js', join(cwd, 'releases/1/node_modules/.bin/next'));
    symlinkSync('releases/1', join(cwd, 'current'));
    const { apps } = await resolveIn({}, 'next', [], { cwd: join(cwd, 'current') });
    expect(apps).toMatchObject([{ script: join(cwd, 'current/node_modules/next/bin.js') }]);
  });

  it('--interpreter tsx, ts-node', async () => {
    const files = { ...project({}), 'node_modules/ts-node/package.json': '{"name":"ts-node"}' };
    expect((await resolveIn(files, 'src/app.ts', ['-x'], { flags: { interpreter: 'tsx' } })).notes).toEqual(['src/app.ts -> node --import tsx src/app.ts -x']);
    expect((await resolveIn(files, 'src/app.ts', [], { flags: { interpreter: './node_modules/.bin/ts-node', node_args: '--expose-gc' } })).apps).toMatchObject([
      { nodeArgs: ['--expose-gc', '--require', 'ts-node/register'], interpreter: null },
    ]);
  });

  it('a plain script stays what it was, without a note', async () => {
    expect(await resolveIn(project({}), 'dist/server.js', ['--x'])).toMatchObject({
      notes: [],
      apps: [{ script: '/app/dist/server.js', args: ['--x'], nodeArgs: [] }],
    });
    expect(await resolveIn({ 'bin/www': NODE_SHIM }, 'bin/www')).toMatchObject({ notes: [], apps: [{ script: '/app/bin/www', name: 'www' }] });
  });

  it('an ecosystem file says the same', async () => {
    const apps = [
      { name: 'a', script: 'npm', args: 'start', interpreter: 'none' },
      { name: 'b', script: './node_modules/.bin/next', args: ['start'], env: { PORT: 7000 } },
      { name: 'c', script: 'npm run dev', env: { PORT: 7000 } },
    ];
    const files = { ...project({ start: 'node dist/server.js', dev: 'next start -p $PORT' }), 'ecosystem.config.json': JSON.stringify({ apps }) };
    const resolved = await resolveIn(files, undefined);
    expect(resolved.notes).toEqual([
      'npm start -> node dist/server.js',
      './node_modules/.bin/next start -> node node_modules/next/dist/bin/next start',
      'npm run dev -> node node_modules/next/dist/bin/next start -p 7000',
    ]);
  });
});

describe('what can not be run says what it is, and what would work', () => {
  const ALONE = 'lb start <script>, with the script or program that starts your server';
  it.each([
    ['npm', [], 'npm needs the name of a script', 'lb start npm -- start'],
    ['npm run nothing', [], /^package.json in \S+ has no script "nothing" \(it has: start, dev, circle, gone\)$/, null],
    ['npm run circle', [], /its scripts call each other in a circle$/, null],
    ['npm run gone', [], 'its script "gone" is "vite preview", and there is no program vite; are the dependencies installed?', null],
    ['node dist/none.js', [], /^there is no script dist\/none.js in \S+$/, null],
  ])('%s %s', async (target, appArgs, reason, instead) => {
    const scripts = { start: 'next build && node dist/server.js --a', dev: 'nodemon src/app.ts', circle: 'npm run circle', gone: 'vite preview' };
    const files = { ...project(scripts), 'bin/python': '#!/bin/sh\n' };
    const cwd = tempDir(files);
    const error = await failing({}, target, appArgs, { cwd, env: { PATH: join(cwd, 'bin') } });
    expect(error).toMatchObject({
      code: 'LB_ERR_COMMAND',
      exitCode: 2,
      hint: `what works: ${instead ?? ALONE}`,
    });
    expect(error.details['reason']).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
  });

  it.each(['no-such-file.js', 'no-such-program', './none', 'two words'])('%s: script not found', async (target) => {
    expect(await failing({}, target)).toMatchObject({ code: 'LB_ERR_SCRIPT_NOT_FOUND' });
  });

  it.each([
    ['next', ['start'], /^install next in \S+ \(npm install next\), or pass the path/],
    ['api', [], /^pass the path/],
    ['./next', ['start'], /^pass the path/],
  ])('%s %j without a file: what to do', async (target, appArgs, hint) => {
    expect(await failing({}, target, appArgs)).toMatchObject({ code: 'LB_ERR_SCRIPT_NOT_FOUND', hint: expect.stringMatching(hint) as string });
  });

  it('a directory with nothing to start: says what is looked for there', async () => {
    const error = await failing({ 'lib/util.js': '' }, 'lib');
    expect(error.message).toBe('script not found: lib (a directory without an index.js, and without a "main" file or a "start" script in its package.json)');
  });
});

describe('what lb does not look into runs as a command', () => {
  const scripts = { start: 'next build && node dist/server.js --a', dev: 'nodemon src/app.ts' };
  const program = '#!/bin/sh\n';
  const files = {
    ...project(scripts),
    'bin/python3': program,
    'bin/npm': program,
    'bin/bash': program,
    'bin/tool': program,
    'bin/ruby': program,
    'app.py': '',
    'run.rb': '',
  };

  it.each([
    [
      'npm start',
      [],
      [],
      'bin/npm',
      ['start'],
      /its script "start" is ".*", which needs a shell \(&&\) \(as a Node.js app: lb start dist\/server.js -- --a\)$/,
    ],
    ['npm', ['run', 'dev'], [], 'bin/npm', ['run', 'dev'], /nodemon restarts the app when files change/],
    ['node dist/server.js | cat', [], [], 'bin/bash', ['-c', 'node dist/server.js | cat'], /it needs a shell \(\|\)$/],
    ['tool -x | cat', ["it's"], [], 'bin/bash', ['-c', "tool -x | cat 'it'\\''s'"], /it needs a shell/],
    ['tool --port 1', ['-v'], [], 'bin/tool', ['--port', '1', '-v'], /bin\/tool is a sh script$/],
    ['app.py', ['-v'], ['bin/python3'], 'app.py', ['-v'], /^app.py runs as a command, \S+python3 app.py -v$/],
    ['run.rb', [], ['bin/ruby'], 'run.rb', [], /^run.rb runs as a command/],
  ] as const)('%s %j', async (target, appArgs, runner, script, args, note) => {
    const cwd = tempDir(files);
    const path = join(cwd, 'bin');
    const { apps, notes } = await resolveIn(files, target, appArgs, { cwd, env: { PATH: path } });
    expect(apps[0]).toMatchObject({ kind: 'command', runner: runner.map((one) => join(cwd, one)), script: join(cwd, script), args });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });
});
