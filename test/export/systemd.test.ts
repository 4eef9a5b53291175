import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemdUnit, type SystemdUnit } from '../../src/export/systemd.ts';

const DAEMON: SystemdUnit = {
  name: 'lb-deploy',
  user: 'deploy',
  node: '/home/deploy/.nvm/versions/node/v22.1.0/bin/node',
  program: '/home/deploy/.nvm/versions/node/v22.1.0/bin/lb',
  job: { kind: 'daemon', home: '/home/deploy/.lb' },
  harden: false,
};
const APPS: SystemdUnit = {
  ...DAEMON,
  name: 'lb-run-api',
  node: '/usr/bin/node',
  job: { kind: 'apps', file: '/srv/api/lb.config.js', directory: '/srv/api', only: 'api', profile: 'production' },
};

const valuesOf = (unit: string, key: string): string[] => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');

describe('the unit', () => {
  it('of a daemon', () => expect(systemdUnit(DAEMON)).toMatchSnapshot());
  it('of a daemon of the user', () => expect(systemdUnit({ ...DAEMON, name: 'lb', user: null, node: '/usr/bin/node' })).toMatchSnapshot());
  it('of apps', () => expect(systemdUnit(APPS)).toMatchSnapshot());
  it('hardened', () => expect(systemdUnit({ ...DAEMON, harden: true })).toMatchSnapshot());

  it('quotes paths as systemd reads them', () => {
    const unit = systemdUnit({ ...APPS, user: 'a%b', node: '/opt/no de/$x/node', program: '/opt/"lb"\\$y%', job: { kind: 'daemon', home: '/x y/$z%h' } });
    expect(valuesOf(unit, 'ExecStart')).toEqual([String.raw`"/opt/no de/$x/node" "/opt/\"lb\"\\$$y%%" daemon`]);
    expect(valuesOf(unit, 'User')).toEqual(['a%%b']);
    expect(valuesOf(unit, 'Environment')[0]).toBe('"LB_HOME=/x y/$z%%h"');
    expect(valuesOf(unit, 'RequiresMountsFor')).toEqual(['"/x y/$z%%h"']);
  });

  it('refuses what would be another line', () => {
    expect(() => systemdUnit({ ...DAEMON, job: { kind: 'daemon', home: '/home/x\nExecStartPre=/bin/evil' } })).toThrow('cannot contain');
  });
});

const VERSION = versionOfSystemd();

describe.runIf(VERSION !== null)('systemd-analyze', () => {
  // The programs of a unit must exist.
  const real = { node: process.execPath, program: process.execPath, user: 'root' };
  const variants: readonly SystemdUnit[] = [true, false].flatMap((harden) => [
    { ...DAEMON, ...real, harden },
    { ...APPS, ...real, harden, job: { kind: 'apps', file: '/a $b/%c "d"/lb.config.js', directory: '/a b', only: null, profile: null } },
  ]);

  it.each(variants)('has nothing to say of $name, hardened: $harden', (unit) => {
    expect(analyze(unit, 'verify')).toBe('');
  });

  it.runIf(VERSION === '252')('gives the score that docs/deploy/systemd.md states', () => {
    const score = (harden: boolean): string =>
      /: ([\d.]+) /.exec(analyze({ ...DAEMON, ...real, user: 'daemon', harden }, 'security', '--offline=true'))?.[1] ?? '';
    expect({ usual: score(false), hardened: score(true) }).toEqual({ usual: '8.8', hardened: '2.3' });
  });
});

function analyze(unit: SystemdUnit, ...args: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'lb-unit-'));
  try {
    const file = join(directory, `${unit.name}.service`);
    writeFileSync(file, systemdUnit(unit));
    return execFileSync('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', 'systemd-analyze', ...args, '--man=no', file], { encoding: 'utf8' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Null where its tools are not installed. */
function versionOfSystemd(): string | null {
  try {
    return /^systemd (\d+)/.exec(execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8' }))?.[1] ?? null;
  } catch {
    return null;
  }
}
