import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LbError } from '../../src/errors/lb-error.ts';
import type { AppSpec, ScaleSpec } from '../../src/lifecycle/app-spec.ts';
import {
  parseAppSpec,
  parseReloadBody,
  parseRestartBody,
  parseScaleBody,
  parseSignalBody,
  parseStartBody,
  parseStopBody,
} from '../../src/protocol/parse-requests.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';

function failureOf(act: () => unknown): LbError {
  try {
    act();
  } catch (error) {
    if (error instanceof LbError) return error;
    throw error;
  }
  return expect.unreachable('it was accepted');
}

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const without = (spec: AppSpec, field: string): object => Object.fromEntries(Object.entries(spec).filter(([key]) => key !== field));
const FIELDS = Object.keys(sampleSpec()) as (keyof AppSpec)[];

const HEALTH = { path: '/', port: null, intervalMs: 1, timeoutMs: 1, fall: 1, rise: 1, expect: [[200, 399]], replaceAfterMs: null };

const SCALE: ScaleSpec = { on: true, min: 1, max: 4, target: { metric: 'elu', value: 0.6 }, upCooldownMs: 5_000, downCooldownMs: 60_000 };

const HOOK = { run: ['notify', '-v'], url: 'http://localhost/', kinds: ['exit'], severity: 'warn' } as const;

/** A value that no parser of this field may take; the rest of the path where it is found. */
const WRONG: Readonly<Record<keyof AppSpec, readonly (readonly [wrong: unknown, at: string])[]>> = {
  declared: [
    [7, ''],
    ['a1b2c3', ''],
    [{ digest: 7, instances: null, env: [], umask: false }, '.digest'],
    [{ digest: 'a', instances: 0, env: [], umask: false }, '.instances'],
    [{ digest: 'a', instances: null, env: [7], umask: false }, '.env[0]'],
  ],
  name: [
    [7, ''],
    ['', ''],
    ['../etc', ''],
    ['a  b', ''],
    ['a,1', ''],
    ['x'.repeat(65), ''],
    ['.hidden', ''],
  ],
  origin: [
    ['/srv', ''],
    [{ file: 'lb.config.js', project: null }, '.file'],
    [{ file: null, project: 1 }, '.project'],
  ],
  script: [
    ['server.js', ''],
    [null, ''],
  ],
  runner: [['python3', '']],
  args: [
    ['--verbose', ''],
    [['a', 1], '[1]'],
  ],
  cwd: [
    ['.', ''],
    [{}, ''],
  ],
  kind: [['fork', '']],
  instances: [
    [0, ''],
    [1.5, ''],
    ['2', ''],
    [null, ''],
    [2 ** 53, ''],
  ],
  interpreter: [['node', '']],
  nodeArgs: [
    [null, ''],
    [[['x']], '[0]'],
  ],
  env: [
    [[], ''],
    ['A=1', ''],
    [{ PORT: 3000 }, '.PORT'],
    [{ PORT: null }, '.PORT'],
  ],
  user: [
    ['www-data', ''],
    [{ uid: -1, gid: 33, name: null, home: null }, '.uid'],
    [{ uid: 33, gid: '33', name: null, home: null }, '.gid'],
    [{ uid: 33, gid: 33, name: 7, home: null }, '.name'],
    [{ uid: 33, gid: 33, name: 'a', home: 'var' }, '.home'],
  ],
  umask: [
    ['027', ''],
    [0o1000, ''],
    [-1, ''],
  ],
  instanceVar: [[1, '']],
  incrementVar: [[1, '']],
  socket: [
    [8_000, ''],
    [{ host: null, port: 0 }, '.port'],
  ],
  beforeReload: [
    ['migrate', ''],
    [{ command: 'migrate', timeoutMs: 0 }, '.timeoutMs'],
  ],
  dependsOn: [
    ['db', ''],
    [[7], '[0]'],
  ],
  readyWhen: [
    [8_000, ''],
    [{ by: 'port', port: 0 }, '.port'],
    [{ by: 'file', file: 'ready' }, '.file'],
    [{ by: 'luck' }, '.by'],
  ],
  ownPrimary: [['no', '']],
  treekill: [['no', '']],
  killSignal: [['SIGNOTHING', '']],
  ipc: [['all', '']],
  port: [
    [0, ''],
    ['3000', ''],
    [65_536, ''],
  ],
  waitReady: [
    ['yes', ''],
    [1, ''],
  ],
  listenTimeoutMs: [
    [0, ''],
    ['3s', ''],
  ],
  killTimeoutMs: [
    [-1, ''],
    [null, ''],
  ],
  drainIdleMs: [
    [-1, ''],
    [null, ''],
  ],
  overlap: [['yes', '']],
  maxDraining: [
    [0, ''],
    [1.5, ''],
  ],
  shutdownWithMessage: [[0, '']],
  maxMemoryBytes: [
    [0, ''],
    ['300M', ''],
    [1.5, ''],
  ],
  autorestart: [[null, '']],
  autostart: [['yes', '']],
  watch: [
    [true, ''],
    [{ paths: ['src'], ignore: [], delayMs: 1, options: {} }, '.paths[0]'],
    [{ paths: ['/src'], ignore: [], delayMs: 1, options: { atomic: 'x' } }, '.options.atomic'],
  ],
  namespace: [[3, '']],
  filterEnv: [[['A', 3], '[1]']],
  pidFile: [['api.pid', '']],
  logFile: [['all.log', '']],
  logDateFormat: [[3, '']],
  cron: [
    ['* * * * *', ''],
    [{ pattern: '* * * * *', timezone: 3 }, '.timezone'],
  ],
  minUptimeMs: [[-1, '']],
  maxRestarts: [
    [-1, ''],
    [0.5, ''],
  ],
  restartDelayMs: [
    [-1, ''],
    ['1s', ''],
  ],
  backoffBaseMs: [[-1, '']],
  stopExitCodes: [
    [0, ''],
    [[0, -1], '[1]'],
    [['0'], '[0]'],
  ],
  outFile: [
    ['out.log', ''],
    [false, ''],
  ],
  errorFile: [
    ['./err.log', ''],
    [0, ''],
  ],
  mergeLogs: [['true', '']],
  logType: [
    ['xml', ''],
    [null, ''],
  ],
  logMaxBytes: [
    [0, ''],
    [null, ''],
  ],
  logKeep: [
    [-1, ''],
    [null, ''],
  ],
  balance: [
    ['least', ''],
    [null, ''],
  ],
  weights: [
    [1, ''],
    [[1, -1], '[1]'],
    [[257], '[0]'],
  ],
  backup: [
    [[-1], '[0]'],
    [null, ''],
  ],
  maxConns: [
    [0, ''],
    ['5', ''],
  ],
  maxQueue: [
    [0, ''],
    [null, ''],
  ],
  handOffShare: [
    [-1, ''],
    [null, ''],
  ],
  slowStartMs: [
    [-1, ''],
    [null, ''],
  ],
  ipHashPrefix: [
    [null, ''],
    [{ v4: 0, v6: 64 }, '.v4'],
    [{ v4: 32 }, '.v6'],
  ],
  proxyProtocol: [
    [true, ''],
    [{ ports: [0], from: null }, '.ports[0]'],
    [{ ports: null, from: ['a', 1] }, '.from[1]'],
  ],
  health: [
    [true, ''],
    [{ path: '/' }, '.port'],
    [{ ...HEALTH, fall: 0 }, '.fall'],
    [{ ...HEALTH, host: 5 }, '.host'],
    [{ ...HEALTH, headers: { a: 5 } }, '.headers.a'],
    [{ ...HEALTH, expect: [[200]] }, '.expect[0]'],
  ],
  ejection: [
    [true, ''],
    [{ takeTimeoutMs: 1, loopDelayMs: 1, errorRate: 2, baseMs: 1, maxShare: 1 }, '.errorRate'],
  ],
  canary: [
    [true, ''],
    [{ monitorMs: 1, failureRate: 2, requests: 5 }, '.failureRate'],
    [{ monitorMs: 1, failureRate: 1, requests: 0 }, '.requests'],
  ],
  hangTimeoutMs: [
    [0, ''],
    [false, ''],
  ],
  maxRequests: [
    [0, ''],
    [1.5, ''],
  ],
  maxLifetimeMs: [
    [0, ''],
    ['1h', ''],
  ],
  recycleJitter: [
    [-1, ''],
    [2, ''],
    [null, ''],
  ],
  maxMemoryKillBytes: [
    [0, ''],
    ['1G', ''],
  ],
  healthPort: [
    [9000, ''],
    [{ host: null, port: 0 }, '.port'],
  ],
  readyMin: [
    [0, ''],
    [null, ''],
  ],
  drainDelayMs: [
    [-1, ''],
    [null, ''],
  ],
  stopGraceMs: [
    [0, ''],
    [-1, ''],
  ],
  promClient: [
    [null, ''],
    ['yes', ''],
  ],
  onEvent: [
    [true, ''],
    [{ ...HOOK, run: [1] }, '.run[0]'],
    [{ ...HOOK, kinds: ['exits'] }, '.kinds[0]'],
    [{ ...HOOK, severity: 'bad' }, '.severity'],
  ],
  scale: [
    [true, ''],
    [{ ...SCALE, min: 0 }, '.min'],
    [{ ...SCALE, target: { metric: 'load', value: 1 } }, '.target.metric'],
    [{ ...SCALE, on: 1 }, '.on'],
  ],
};

describe('parseAppSpec', () => {
  it('gives back a definition that went over the wire', () => {
    const full = sampleSpec({
      maxMemoryBytes: 300,
      restartDelayMs: 5,
      stopExitCodes: [0, 143],
      errorFile: '/e.log',
      outFile: null,
      weights: [2, 0.5],
      backup: [1],
      proxyProtocol: { ports: [80], from: ['10.0.0.0/8'] },
      health: { ...HEALTH, expect: [[200, 299]] },
      healthPort: { host: '::1', port: 9 },
      hangTimeoutMs: null,
      ejection: null,
      canary: null,
      balance: 'direct',
      promClient: true,
      onEvent: HOOK,
      scale: SCALE,
    });
    for (const spec of [sampleSpec(), full]) expect(parseAppSpec(overTheWire(spec))).toEqual(spec);
  });

  it.each(FIELDS)('says so when %s is missing', (field) => {
    const error = failureOf(() => parseAppSpec(without(sampleSpec(), field)));
    expect(error).toMatchObject({ code: 'LB_ERR_MESSAGE', details: { what: 'app definition', path: field, got: 'no value' } });
  });

  it.each(FIELDS.flatMap((field) => WRONG[field].map(([wrong, at]) => ({ field, wrong, at }))))('refuses $wrong as $field', ({ field, wrong, at }) => {
    const error = failureOf(() => parseAppSpec({ ...sampleSpec(), [field]: wrong }));
    expect(error).toMatchObject({ code: 'LB_ERR_MESSAGE', details: { what: 'app definition', path: `${field}${at}` } });
    expect(error.message).toContain(`${field}${at}: expected `);
  });

  it.each(['toString', 'constructor', '__proto__'])('refuses a field named %s', (name) => {
    const spec = JSON.parse(`{${JSON.stringify(sampleSpec()).slice(1, -1)},"${name}":1}`) as unknown;
    expect(failureOf(() => parseAppSpec(spec)).details).toMatchObject({ path: name });
  });

  it('refuses a field that it does not know', () => {
    const error = failureOf(() => parseAppSpec({ ...sampleSpec(), max_memory: 1 }));
    expect(error.details).toMatchObject({ path: 'max_memory', got: '"max_memory"' });
    expect(error.message).toContain('maxMemoryBytes');
  });

  it.each([null, undefined, 7, 'text', [], [sampleSpec()]])('refuses %j in its place', (value) => {
    expect(failureOf(() => parseAppSpec(value)).details).toMatchObject({ path: 'body', expected: 'an object' });
  });
});

const PARSERS = { parseAppSpec, parseReloadBody, parseRestartBody, parseScaleBody, parseSignalBody, parseStartBody, parseStopBody };

describe('the parsers of requests', () => {
  it('take what their types say', () => {
    const spec = sampleSpec();
    expect(parseStartBody({ apps: [spec] })).toEqual({ apps: [spec] });
    expect(parseReloadBody({})).toEqual({});
    const reload = { spec, parallel: 2, monitorMs: 0, onFailure: 'pause', allAtOnce: true };
    expect(parseReloadBody(overTheWire(reload))).toEqual(reload);
    expect(parseRestartBody({ now: true })).toEqual({ now: true });
    expect(parseStopBody({ now: false })).toEqual({ now: false });
    expect(parseScaleBody({ to: 4 })).toEqual({ to: 4 });
    expect(parseScaleBody({ by: -2 })).toEqual({ by: -2 });
    expect(parseSignalBody({ signal: 'SIGUSR2' })).toEqual({ signal: 'SIGUSR2' });
    expect(parseSignalBody({ signal: 'SIGKILL', pid: 4711 })).toEqual({ signal: 'SIGKILL', pid: 4711 });
    expect(() => parseSignalBody({ signal: 'SIGKILL', pid: 0 })).toThrow('pid');
  });

  it('name the place of what they refuse', () => {
    const places: readonly [() => unknown, string][] = [
      [() => parseStartBody({ apps: [sampleSpec(), { ...sampleSpec(), cwd: 'x' }] }), 'apps[1].cwd'],
      [() => parseReloadBody({ spec: { ...sampleSpec(), env: { A: 1 } } }), 'spec.env.A'],
      [() => parseReloadBody({ parallel: 0 }), 'parallel'],
      [() => parseReloadBody({ onFailure: 'panic' }), 'onFailure'],
      [() => parseScaleBody({ to: 0 }), 'to'],
      [() => parseScaleBody({ to: 1_025 }), 'to'],
      [() => parseScaleBody({ by: -1_025 }), 'by'],
      [() => parseScaleBody({ by: 1.5 }), 'by'],
      [() => parseSignalBody({}), 'signal'],
      [() => parseStopBody({ noww: true }), 'noww'],
    ];
    for (const [act, path] of places) expect(failureOf(act)).toMatchObject({ code: 'LB_ERR_MESSAGE', details: { path } });
  });

  const almost = fc.record(Object.fromEntries(FIELDS.map((field) => [field, fc.oneof(fc.constant(sampleSpec()[field]), fc.jsonValue())])), {
    requiredKeys: [],
  });
  it.each(Object.entries(PARSERS))('%s throws nothing but LB_ERR_MESSAGE, whatever it gets', (_, parse) => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), almost, fc.record({ apps: fc.array(almost, { maxLength: 2 }) }), fc.record({ spec: almost })), (value) => {
        try {
          parse(value);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LbError', code: 'LB_ERR_MESSAGE' });
        }
      }),
    );
  });

  it('what was accepted is accepted again', () => {
    fc.assert(
      fc.property(fc.oneof(almost, fc.constant(sampleSpec())), (value) => {
        let parsed: AppSpec;
        try {
          parsed = parseAppSpec(value);
        } catch {
          return;
        }
        expect(parseAppSpec(overTheWire(parsed))).toEqual(parsed);
      }),
    );
  });
});
