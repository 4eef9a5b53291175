import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { done } from '../../client/samples.ts';
import { daemon, lb, work } from './daemon.ts';

describe('init', () => {
  it('writes a config file that starts, and never over one', async () => {
    writeFileSync(join(work, 'app.js'), '');
    expect(await lb('init')).toEqual({ code: 0, out: 'lb.config.js was written; next: lb start\n', err: '' });
    daemon.on('POST /v1/apps', { stream: [done('app is online')] });
    expect(await lb('start --env production')).toEqual({ code: 0, out: 'app is online\n', err: '' });
    expect(daemon.orders).toMatchObject([{ body: { apps: [{ name: 'app', script: join(work, 'app.js'), env: { NODE_ENV: 'production' } }] } }]);
    const text = readFileSync(join(work, 'lb.config.js'), 'utf8');
    expect(await lb('ecosystem')).toMatchObject({ code: 2, err: expect.stringContaining('lb.config.js is there already, and nothing was written') as string });
    expect(readFileSync(join(work, 'lb.config.js'), 'utf8')).toBe(text);
  });

  it('leaves an ecosystem file alone, and says if there is no script', async () => {
    expect((await lb('init')).err).toBe('no script was found here; set "script" in lb.config.js\n');
    writeFileSync(join(work, 'lb.config.js'), '');
    expect((await lb('init')).code).toBe(2);
    const other = join(work, 'sub');
    spawnSync('mkdir', [other]);
    writeFileSync(join(other, 'ecosystem.config.cjs'), '');
    expect((await lb('init', { cwd: other })).code).toBe(2);
    expect(existsSync(join(other, 'lb.config.js'))).toBe(false);
  });

  it('writes nothing that its own options reject', async () => {
    await lb('init');
    const uncommented = readFileSync(join(work, 'lb.config.js'), 'utf8').replaceAll(/^(\s+)\/\/ (\w+: .*,)$/gm, '$1$2');
    expect(uncommented).toContain("\n      instances: 'max',");
    writeFileSync(join(work, 'lb.config.js'), uncommented);
    writeFileSync(join(work, 'server.js'), '');
    daemon.on('POST /v1/apps', { stream: [done('app is online')] });
    expect(await lb('start')).toEqual({ code: 0, out: 'app is online\n', err: '' });
    expect(daemon.orders).toMatchObject([{ body: { apps: [{ maxMemoryBytes: 524_288_000, health: { path: '/healthz' }, env: { PORT: '3000' } }] } }]);
  });
});

describe('completion', () => {
  const complete = (script: string, line: string): string[] => {
    const words = line.split(' ');
    const shell = `lb() { echo api; echo docs; }\n${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _lb; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', shell], { encoding: 'utf8', cwd: work });
    expect(stderr).toBe('');
    return stdout.trimEnd().split('\n').filter(Boolean).sort();
  };

  it('completes commands, options and apps in bash', async () => {
    const { code, out } = await lb('completion bash');
    expect(code).toBe(0);
    expect(complete(out, 'lb re')).toEqual(['reload', 'report', 'reset', 'restart']);
    expect(complete(out, 'lb reload --p')).toEqual(['--parallel']);
    expect(complete(out, 'lb reload d')).toEqual(['docs']);
    expect(complete(out, 'lb del --')).toEqual(['--help', '--json', '--now', '--only']);
    writeFileSync(join(work, 'server.js'), '');
    expect(complete(out, 'lb start s')).toEqual(['server.js']);
  });

  it('has a script for zsh and fish, and refuses other shells', async () => {
    expect((await lb('completion zsh')).out).toMatch(/bashcompinit\n[^]*complete -o filenames -F _lb lb/);
    const { out } = await lb('completion fish');
    expect(out).toContain("complete -c lb -n __fish_use_subcommand -f -a reload -d 'replace the workers one by one, while the app serves'\n");
    expect(out).toContain("complete -c lb -n '__fish_seen_subcommand_from delete del' -l now -d ");
    expect(out).toContain("write Node\\'s diagnostic report");
    expect(await lb('completion install')).toMatchObject({ code: 2, err: expect.stringContaining('expected one of bash, zsh, fish, got "install"') as string });
  });

  it('knows the saved apps without a daemon', async () => {
    const spec = { name: 'api', outFile: null, errorFile: null, mergeLogs: true };
    writeFileSync(join(daemon.home, 'state.json'), JSON.stringify({ version: 1, apps: [{ spec, desired: 'running' }] }));
    expect((await lb('completion apps')).out).toBe('api\n');
  });
});
