import { describe, expect, it } from 'vitest';
import { understand } from '../../../src/config/command/understand.ts';

const meaning = (line: string): unknown => understand(line.split(' ')).meaning;

describe('scripts of package.json', () => {
  it.each([
    ['npm start', 'start', []],
    ['npm -s start', 'start', []],
    ['npm run dev', 'dev', []],
    ['npm run-script -s dev', 'dev', []],
    ['npm start --silent -- --port 3000', 'start', ['--port', '3000']],
    ['npm run dev one -- --two', 'dev', ['one', '--two']],
    ['yarn run dev --port 3000', 'dev', ['--port', '3000']],
    ['pnpm start --port 3000', 'start', ['--port', '3000']],
    ['pnpm run dev -- --port 3000', 'dev', ['--port', '3000']],
  ])('%s', (line, name, args) => {
    expect(meaning(line)).toEqual({ kind: 'package-script', name, args, orTool: false });
  });

  it.each(['yarn dev', 'pnpm dev'])('%s may be a program too', (line) => {
    expect(meaning(line)).toEqual({ kind: 'package-script', name: 'dev', args: [], orTool: true });
  });
});

describe('programs of the dependencies', () => {
  it.each([
    ['next start -p 3000', 'next', ['start', '-p', '3000']],
    ['npx next@14 start', 'next', ['start']],
    ['npx --yes @scope/tool@1.2.3', '@scope/tool', []],
    ['npm exec -- next start', 'next', ['start']],
    ['pnpm exec next start', 'next', ['start']],
    ['./node_modules/.bin/next start', './node_modules/.bin/next', ['start']],
  ])('%s', (line, name, args) => {
    expect(meaning(line)).toEqual({ kind: 'tool', name, args });
  });
});

describe('Node.js', () => {
  const node = { kind: 'node', script: 'x.js', args: [], nodeArgs: [], loader: null, env: new Map() };
  it.each([
    ['node x.js', {}],
    ['/usr/bin/node x.js', {}],
    ['exec node x.js', {}],
    ['node --enable-source-maps -r dotenv/config x.js --flag', { nodeArgs: ['--enable-source-maps', '-r', 'dotenv/config'], args: ['--flag'] }],
    ['node --import=./hook.mjs --env-file .env -- x.js', { nodeArgs: ['--import=./hook.mjs', '--env-file', '.env'] }],
    ['tsx x.js', { loader: 'tsx' }],
    ['npx tsx --tsconfig t.json --inspect x.js', { loader: 'tsx', nodeArgs: ['--inspect'], env: new Map([['TSX_TSCONFIG_PATH', 't.json']]) }],
    [
      'ts-node -T -P t.json -r tsconfig-paths/register x.js',
      {
        loader: 'ts-node',
        nodeArgs: ['-r', 'tsconfig-paths/register'],
        env: new Map([
          ['TS_NODE_TRANSPILE_ONLY', 'true'],
          ['TS_NODE_PROJECT', 't.json'],
        ]),
      },
    ],
  ])('%s', (line, changes) => {
    expect(meaning(line)).toEqual({ ...node, ...changes });
  });
});

it.each([
  ['cross-env NODE_ENV=production PORT=1 node x.js'],
  ['NODE_ENV=production PORT=1 node x.js'],
  ['env NODE_ENV=test NODE_ENV=production cross-env PORT=1 node x.js'],
])('%s: the variables', (line) => {
  const { env, meaning: what } = understand(line.split(' '));
  expect(Object.fromEntries(env)).toEqual({ NODE_ENV: 'production', PORT: '1' });
  expect(what).toMatchObject({ kind: 'node', script: 'x.js' });
});

describe('what runs as it is, and the command that would run the script behind it', () => {
  it.each([
    ['node --watch src/x.js', 'node --watch restarts the app when files change', 'lb start src/x.js'],
    ['tsx watch src/x.ts', 'tsx watch restarts the app when files change', 'lb start src/x.ts'],
    ['nodemon --inspect x.js', 'nodemon restarts the app when files change', 'lb start x.js'],
    ['nest start', 'nest start builds the app and starts it in another process', '"nest build", then "lb start dist/main.js"'],
    ['node -e 1', 'node -e runs no script file', null],
    ['npm --prefix x start', 'lb does not know the option --prefix of npm', null],
    ['ts-node --esm x.ts', 'lb does not know the option --esm of ts-node', null],
    ['bun x.ts', 'bun is not Node.js', 'lb start x.ts'],
  ])('%s', (line, reason, instead) => {
    expect(meaning(line)).toEqual({ kind: 'opaque', reason, instead });
  });
});

describe('what can not be run', () => {
  it.each([
    ['node', 'node is given no script', 'lb start <script>'],
    ['npm', 'npm needs the name of a script', 'lb start npm -- start'],
    ['npm dev', 'npm dev does not run a script of package.json', 'lb start npm -- run dev'],
    ['NODE_ENV=production', 'it names no program', null],
    ['pm2-runtime start x.js', 'pm2-runtime is a process manager itself', 'lb start x.js'],
  ])('%s', (line, reason, instead) => {
    expect(meaning(line)).toEqual({ kind: 'refused', reason, instead });
  });
});
