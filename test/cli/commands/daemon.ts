import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { listedApp } from '../../../src/protocol/listed-app.ts';
import { FakeDaemon } from '../../client/fake-daemon.ts';
import { app } from '../../client/samples.ts';
import { lb as runLb, type Ran, type Surroundings } from '../run.ts';

/** A daemon with the apps "api" and "docs", which is stopped, and an empty working directory; new for each test. */
export let daemon: FakeDaemon;
export let work: string;

beforeEach(async () => {
  const apps = [app(), app({ name: 'docs', state: 'stopped', ready: 0, healthy: 0 })];
  daemon = new FakeDaemon().on('GET /v1/apps', { json: { apps } }).on('GET /v1/list', { json: { apps: apps.map(listedApp) } });
  work = join(daemon.home, 'work');
  mkdirSync(work);
  await daemon.listen();
});
afterEach(() => daemon.stop());

export const lb = (line: string, more: Partial<Surroundings> = {}): Promise<Ran> =>
  runLb(line.split(' ').filter(Boolean), { home: daemon.home, cwd: work, ...more });
export const withoutDaemon = (line: string): Promise<Ran> => runLb(line.split(' '), { home: join(daemon.home, 'none') });
export const jsonLines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
