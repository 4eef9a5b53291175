import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { lb, work } from './daemon.ts';

const CONFIG = "module.exports = { apps: [{ name: 'api', script: './server.js', instances: 'max', port: 3000, health_port: 9000, drain_delay: '5s' }] };\n";

describe('export', () => {
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    writeFileSync(join(work, 'lb.config.js'), CONFIG);
  });

  it('writes to stdout, or into a file, and over its own file only', async () => {
    const printed = await lb('export haproxy --hosts 10.0.0.1,10.0.0.2:3001');
    expect(printed).toMatchObject({ code: 0, err: '' });
    expect(printed.out).toMatch(/^# Written by: lb export haproxy --hosts 10\.0\.0\.1,10\.0\.0\.2:3001\n/);
    expect(printed.out).toContain('server 10.0.0.2:3001 10.0.0.2:3001\n');
    for (let time = 0; time < 2; time++) {
      expect(await lb('export haproxy --out haproxy.cfg --hosts 10.0.0.1,10.0.0.2:3001')).toEqual({ code: 0, out: 'haproxy.cfg was written\n', err: '' });
      expect(readFileSync(join(work, 'haproxy.cfg'), 'utf8')).toBe(printed.out);
    }
    writeFileSync(join(work, 'Dockerfile'), 'FROM scratch\n');
    expect(await lb('export dockerfile -o Dockerfile')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('is there already and was not written by "lb export"') as string,
    });
    expect(readFileSync(join(work, 'Dockerfile'), 'utf8')).toBe('FROM scratch\n');
  });

  it('is the same in every shell and on every machine', async () => {
    const texts = await Promise.all([{}, { env: { PORT: '4000', HOME: '/root' } }].map(async (more) => (await lb('export kubernetes', more)).out));
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain('containerPort: 3000\n');
  });

  it('counts workers by the CPUs of the container', async () => {
    expect((await lb('export compose --cpus 3')).out).toContain('cpus: "3"\n');
    expect((await lb('export kubernetes --all-cores --cpus 3')).out).toContain('cpu: "3"\n');
  });

  it.each([
    ['export heroku', 'expected one of haproxy, nginx, systemd, dockerfile, compose, kubernetes, got "heroku"'],
    ['export nginx --replicas 3', '"lb export nginx" takes no --replicas'],
    ['export kubernetes --cpus 3', '--cpus goes with --all-cores'],
    ['export compose server.js', '"server.js" is not a config file; "lb init" writes one'],
    ['export compose -', '"-" is not a config file'],
    ['export haproxy --hosts a;b', 'expected hosts, such as 10.0.0.1,10.0.0.2:3000,[fd00::1]'],
    ['export compose --replicas 0', 'expected a whole number from 1 to 9999'],
    ['export haproxy --only web', 'web'],
  ])('refuses: %s', async (line, message) => {
    const { code, out, err } = await lb(line);
    expect([code === 0, out]).toEqual([false, '']);
    expect(err).toContain(message);
  });

  it('needs a target', async () => {
    expect((await lb('export')).code).toBe(2);
  });

  it('says what the definition does not', async () => {
    writeFileSync(join(work, 'lb.config.js'), CONFIG.replace(' port: 3000,', ''));
    expect(await lb('export nginx')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot export for nginx: the port of "api" is not known') as string,
    });
    expect((await lb('export kubernetes')).err).toContain('warning: the port of "api" is not known, so there is no Service');
  });
});
