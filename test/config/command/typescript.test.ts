import { describe, expect, it } from 'vitest';
import { loadingOf, type LoadingFacts } from '../../../src/config/command/typescript.ts';

const loading = (changes: Partial<LoadingFacts> = {}): unknown =>
  loadingOf({
    script: 'src/app.ts',
    loader: null,
    version: 'v20.19.0',
    nodeArgs: [],
    found: { tsx: null, 'ts-node': null },
    isModule: false,
    compiled: null,
    ...changes,
  });
const installed = { tsx: 'tsx', 'ts-node': 'ts-node/register' };
const STRIP = ['--experimental-strip-types'];

describe('TypeScript', () => {
  it.each([
    ['v22.18.0', []],
    ['v23.6.0', []],
    ['v24.0.0', []],
    ['v22.6.0', STRIP],
    ['v22.17.1', STRIP],
    ['v23.5.0', STRIP],
    ['v22.5.0', ['--import', 'tsx']],
    ['v20.19.0', ['--import', 'tsx']],
  ])('Node.js %s', (version, nodeArgs) => {
    expect(loading({ version, found: installed })).toEqual({ nodeArgs });
  });

  it('.tsx is never stripped', () => {
    expect(loading({ script: 'app.tsx', version: 'v24.0.0', found: installed })).toEqual({ nodeArgs: ['--import', 'tsx'] });
  });

  it.each(['--import=./register.mjs', '--import', '-r', '--require', '--loader', '--experimental-transform-types'])('leaves it to %s', (arg) => {
    expect(loading({ nodeArgs: [arg] })).toEqual({ nodeArgs: [] });
  });

  it('without anything that runs it, says what would', () => {
    const reason = 'Node.js v20.19.0 does not run TypeScript, and tsx is not installed in the project';
    expect(loading()).toEqual({ reason, instead: '"npm install tsx", then the same command; Node.js 22.18 and newer need no tsx' });
    expect(loading({ compiled: 'dist/app.js' })).toEqual({ reason, instead: 'lb start dist/app.js' });
  });
});

describe('a given program', () => {
  it.each([
    ['tsx', ['--import', 'tsx']],
    ['ts-node', ['--require', 'ts-node/register']],
  ] as const)('%s', (loader, nodeArgs) => {
    expect(loading({ loader, version: 'v24.0.0', found: installed })).toEqual({ nodeArgs });
    expect(loading({ loader })).toEqual({
      reason: `${loader} is not installed in the project`,
      instead: `"npm install ${loader}", then "lb start src/app.ts --interpreter ${loader}"`,
    });
  });

  it('ts-node runs no ES modules', () => {
    expect(loading({ loader: 'ts-node', found: installed, isModule: true })).toMatchObject({ instead: 'lb start src/app.ts --interpreter tsx' });
  });
});

it('JavaScript needs nothing', () => {
  expect(loading({ script: 'app.js' })).toEqual({ nodeArgs: [] });
});
