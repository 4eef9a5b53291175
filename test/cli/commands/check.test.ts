import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { daemon, lb as inWork, work } from './daemon.ts';

const configure = (content: object): void => writeFileSync(join(work, 'lb.config.json'), JSON.stringify(content));
/** Where no daemon runs. */
const lb: typeof inWork = (line, more) => inWork(line, { home: join(work, 'no-home'), ...more });

describe('check', () => {
  beforeEach(() => writeFileSync(join(work, 'server.js'), ''));

  it('finds nothing wrong, and asks no daemon', async () => {
    configure({
      apps: [
        { name: 'api', script: 'server.js', port: 3000 },
        { name: 'web', script: 'server.js', port: 3001 },
      ],
    });
    expect(await lb('check')).toEqual({ code: 0, out: 'lb.config.json: 2 apps, nothing is wrong\n', err: '' });
    expect(await inWork('check')).toMatchObject({ code: 0 });
    expect(daemon.orders).toEqual([]);
  });

  it('reports everything at once', async () => {
    mkdirSync(join(work, 'a-folder'));
    configure({
      metrics: { listen: '127.0.0.1:3000' },
      apps: [
        { name: 'api', script: 'server.js', kill_timeout: 'soon', instnaces: 2 },
        { name: 'gone', script: 'gone.js' },
        { name: 'old', script: 'server.js', interpreter: 'no-such-program' },
        { name: 'lost', script: 'server.js', cwd: 'nowhere' },
        { name: 'one', script: 'server.js', port: 3000, out_file: 'a-folder', health_port: 9000 },
        { name: 'two', script: 'server.js', port: 3000, health_port: 9000, error_file: 'both.log' },
        { name: 'three', script: 'server.js', env: { PORT: 4000 }, error_file: 'both.log' },
        { name: 'four', script: 'server.js', env: { PORT: 4000 } },
      ],
    });
    const { code, out, err } = await lb('check');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    for (const text of [
      'error: lb.config.json: apps[0].kill_timeout: expected a duration',
      'unknown option "instnaces", did you mean "instances"?',
      'error: script not found: gone.js',
      'error: old: interpreter no-such-program cannot be used: it is not in PATH',
      'apps[3].cwd: expected an existing directory',
      `error: one: out_file ${join(work, 'a-folder')} is a directory`,
      'error: port 3000 is used more than once: one (port), two (port), metrics.listen',
      'error: port 9000 is used more than once: one (health_port), two (health_port)',
      'warning: port 4000 is used more than once: three (PORT), four (PORT)',
      `warning: three and two both write to ${join(work, 'both.log')}`,
    ])
      expect(out).toContain(text);
    expect(out.trimEnd().split('\n').at(-1)).toBe('lb.config.json: 8 apps, 8 errors, 2 warnings');
  });

  it('is for programs with --json', async () => {
    configure({ apps: [{ name: 'api', script: 'gone.js' }] });
    const { code, out } = await lb('check --json');
    expect({ code, json: JSON.parse(out) as unknown }).toMatchObject({
      code: 2,
      json: { file: join(work, 'lb.config.json'), apps: ['api'], findings: [{ severity: 'error', code: 'LB_ERR_SCRIPT_NOT_FOUND' }] },
    });
  });

  it('warnings fail it only with --strict', async () => {
    configure({ apps: [{ name: 'api', script: 'server.js' }] });
    expect(await lb('check --env live')).toMatchObject({ code: 0, out: expect.stringContaining('0 errors, 1 warning\n') as string });
    expect((await lb('check --env live --strict')).code).toBe(2);
  });

  it('a file that cannot be read is a finding, and one that is missing a usage error', async () => {
    writeFileSync(join(work, 'broken.json'), '{');
    expect(await lb('check broken.json')).toMatchObject({ code: 2, out: expect.stringContaining('error: broken.json: cannot be loaded') as string });
    expect(await lb('check gone.json')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('"gone.json" is not a config file') as string });
    expect(await lb('check')).toMatchObject({ code: 2, err: expect.stringContaining('no lb.config.* and no ecosystem.config.*') as string });
    expect(await lb('check -', { stdin: '[{"script":"server.js"}]' })).toMatchObject({ code: 0 });
  });
});
