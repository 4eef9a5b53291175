import { expect, it } from 'vitest';
import { pm2Processes } from '../../src/cli/output/pm2-process.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { app, worker } from '../client/samples.ts';

const FACTS = { env: { PORT: '80', status: 'mine' }, version: '1.2.3', username: 'me' };
const trouble = { slot: 1, restartInMs: null, restarts: 4 };
const statuses = (changes: Partial<AppSnapshot>): unknown[] => pm2Processes(app(changes), FACTS).map(({ pm2_env }) => pm2_env['status']);

it.each<[string, Partial<AppSnapshot>, string[]]>([
  ['ready and starting', { workers: [worker(), worker({ slot: 1, state: 'starting' })] }, ['online', 'launching']],
  ['ejected and draining', { workers: [worker({ state: 'ejected' }), worker({ slot: 1, state: 'draining' })] }, ['online', 'stopping']],
  ['being replaced', { workers: [worker({ state: 'ready' }), worker({ slot: 0, state: 'starting' })], instances: 1, ids: [4] }, ['online']],
  ['waiting', { workers: [worker()], troubledSlots: [{ ...trouble, state: 'waiting' }] }, ['online', 'waiting restart']],
  ['given up', { workers: [worker()], troubledSlots: [{ ...trouble, state: 'errored' }] }, ['online', 'errored']],
  ['stopped', { workers: [], state: 'stopped' }, ['stopped', 'stopped']],
  ['about to start', { workers: [], state: 'starting' }, ['launching', 'launching']],
])('the words of PM2 for what is %s', (_, changes, expected) => {
  expect(statuses(changes)).toEqual(expected);
});

it('no variable of the app hides a field, and what is not known is left out', () => {
  const [first, second] = pm2Processes(app({ workers: [worker()], troubledSlots: [{ ...trouble, state: 'waiting' }] }), { ...FACTS, version: null });
  expect(first?.pm2_env).toMatchObject({ status: 'online', PORT: '80', env: { PORT: '80', status: 'mine' } });
  expect(Object.keys(first?.pm2_env ?? {})).not.toContain('version');
  expect(Object.keys(first?.pm2_env ?? {})).not.toContain('exit_code');
  expect(second).toMatchObject({ pid: 0, pm_id: 1, pm2_env: { restart_time: 4, unstable_restarts: 4 }, monit: { memory: 0, cpu: 0 } });
});
