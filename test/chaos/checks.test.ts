import { describe, expect, it } from 'vitest';
import type { ProcessInfo } from '../helpers/processes.ts';
import { differencesOf } from './checks.ts';
import { Tree } from './tree.ts';

const process = (pid: number, parent: number, command: string): ProcessInfo => ({ pid, parent, command, state: 'S', startTime: pid });
const running = [
  process(1, 0, 'lb daemon'),
  process(2, 1, 'lb primary web'),
  process(3, 2, 'node app.js'),
  process(4, 2, 'node app.js'),
  process(5, 4, 'node app.js member'),
];
const web = {
  name: 'web',
  state: 'online',
  instances: 2,
  ready: 2,
  operation: null,
  socketsKept: true,
  primaryPid: 2,
  workers: [
    { pid: 4, state: 'ready' },
    { pid: 3, state: 'ready' },
  ],
} as const;
const differences = (processes: readonly ProcessInfo[], ...apps: Parameters<typeof differencesOf>[1]): string[] =>
  differencesOf(new Map([['web', 2]]), apps, new Tree('/nowhere', { found: processes }));

describe('the checks after a step', () => {
  it('find nothing when the list agrees with /proc and with what is wanted', () => {
    expect(differences(running, web)).toEqual([]);
  });

  it('know a daemon that a primary has started', () => {
    expect(differences([{ ...running[0]!, parent: 2 }, ...running.slice(1)], web)).toEqual([]);
  });

  it('notice an app that is missing, incomplete, busy or held by its primary alone', () => {
    expect(differences(running)).toEqual(['web is not listed']);
    expect(differences(running, { ...web, state: 'degraded', ready: 1 })).toEqual(['web is degraded with 1 of 2 ready, wanted: 2']);
    expect(differences(running, { ...web, operation: { kind: 'reload', sinceMs: 1 } })).toEqual(['web still has its operation reload']);
    expect(differences(running, { ...web, socketsKept: false })).toEqual(['web has sockets that the daemon does not keep']);
  });

  it('notice a worker that is listed and gone, an orphan, a second daemon and a second primary', () => {
    expect(differences(running.slice(0, 3), web)).toEqual(['web has the workers [3 4], and /proc [3]']);
    expect(differences([...running, process(6, 1, 'node app.js')], web)).toEqual(['stray process 6 (parent 1): node app.js']);
    expect(differences([...running, process(7, 0, 'node lb.js daemon')], web)).toEqual(['2 daemons: [1 7]']);
    expect(differences([...running, process(8, 0, 'lb primary web')], web)).toEqual(['web has the primary 2, and /proc [2 8]']);
  });
});
