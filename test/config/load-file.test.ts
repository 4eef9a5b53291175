import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedConfig } from '../../src/config/load-file.ts';
import type { ErrorRecord } from '../../src/errors/lb-error.ts';
import { NodeLoader } from './node-loader.ts';
import { tempDir } from './temp-dir.ts';

let loader: NodeLoader;
beforeAll(async () => {
  loader = await NodeLoader.start();
});
afterAll(() => loader.stop());

async function load(name: string, text: string, others: Readonly<Record<string, string>> = {}): Promise<LoadedConfig> {
  const answer = await loader.load(join(tempDir({ [name]: text, ...others }), name), name);
  if ('error' in answer) throw new Error(`${answer.error.message}\n${(answer.error.output ?? []).join('\n')}`);
  return answer.loaded;
}

async function failure(name: string, text: string): Promise<ErrorRecord> {
  const answer = await loader.load(join(tempDir({ [name]: text }), name), name);
  if ('loaded' in answer) throw new Error('expected a failure');
  return answer.error;
}

const ONE = [{ raw: { script: 'a.js' } }];

describe('formats', () => {
  it.each<[string, string, Record<string, string>?]>([
    ['ecosystem.config.cjs', 'module.exports = { apps: [{ script: "a.js" }] }'],
    ['named.config.cjs', 'exports.apps = [{ script: "a.js" }]'],
    ['default.config.mjs', 'export default { apps: [{ script: "a.js" }] }'],
    ['named.config.mjs', 'export const apps = [{ script: "a.js" }]; export const helper = undefined'],
    ['function.config.mjs', 'export default async () => ({ apps: [{ script: "a.js" }] })'],
    ['function.config.cjs', 'module.exports = () => [{ script: "a.js" }]'],
    ['promise.config.mjs', 'export default Promise.resolve([{ script: "a.js" }])'],
    ['transpiled.config.cjs', 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { apps: [{ script: "a.js" }] }'],
    ['array.config.mjs', 'export default [{ script: "a.js" }]'],
    ['object.config.mjs', 'export default { script: "a.js" }'],
    ['typed.config.ts', 'enum E { A = "a.js" }\nconst apps: { script: string }[] = [{ script: E.A }];\nexport default { apps };'],
    [
      'lb.config.ts',
      'import { camelCase } from "./helper.ts"; export default { apps: [{ script: camelCase }] }',
      { 'helper.ts': 'export const camelCase: string = "a.js"' },
    ],
    ['apps.json', '{ // PM2 reads comments\n "apps": [ { "script": "a.js", /* and */ }, ], }'],
    ['bom.json', '\uFEFF[{"script": "a.js"}]'],
    ['apps.yaml', 'apps:\n  - script: a.js\n'],
    ['apps.yml', '- script: a.js\n'],
    ['package.json', '{"name": "x", "version": "1", "pm2": {"apps": [{"script": "a.js"}]}}'],
    ['processes.json', '{"pm2": [{"script": "a.js"}]}'],
  ])('%s', async (name, text, others = {}) => expect(await load(name, text, others)).toMatchObject({ apps: ONE }));

  it('keeps texts in JSON that look like comments', async () => {
    const { apps } = await load('a.json', '{"script": "http://x/*y*/", "args": ["a,]", "\\"//"]}');
    expect(apps[0]?.raw).toEqual({ script: 'http://x/*y*/', args: ['a,]', '"//'] });
  });

  it("reads PM2's usual file inside a package of ES modules", async () => {
    const inPackage = { 'package.json': '{"type": "module"}' };
    expect(await load('ecosystem.config.js', 'module.exports = { apps: [{ script: "a.js" }] }', inPackage)).toMatchObject({ apps: ONE });
  });

  it('gives a TypeScript file our own defineConfig when the package is not installed beside it', async () => {
    const text =
      'import { defineConfig, type LbConfig } from "lb-supervisor";\nexport default defineConfig({ apps: [{ script: "a.js" }] } satisfies LbConfig);';
    expect(await load('lb.config.ts', text)).toMatchObject({ apps: ONE });
  });
});

describe('places and warnings', () => {
  it('tells where an app stands', async () => {
    expect((await load('a.json', '{"apps": [{"script": "a.js"}, {"script": "b.js"}]}')).apps.map(({ path }) => path)).toEqual(['apps[0]', 'apps[1]']);
    expect((await load('a.json', '[{"script": "a.js"}]')).apps.map(({ path }) => path)).toEqual(['[0]']);
    expect((await load('a.json', '{"script": "a.js"}')).apps.map(({ path }) => path)).toEqual(['']);
    expect((await load('package.json', '{"lb": {"script": "a.js"}}')).apps.map(({ path }) => path)).toEqual(['lb']);
  });

  it('names what stands beside the apps', async () => {
    const { warnings } = await load('e.config.cjs', 'module.exports = { apps: [{ script: "a.js" }], deploy: { production: {} }, static: [] }');
    expect(warnings).toEqual(['e.config.cjs: ignored next to "apps": deploy, static']);
    expect((await load('a.json', '{"metric": {}, "deploy": {}, "apps": [{"script": "a.js"}]}')).warnings).toEqual([
      'a.json: ignored next to "apps": metric (did you mean "metrics"?), deploy',
    ]);
    expect((await load('a.json', '{"$schema": "x", "apps": [{"script": "a.js"}]}')).warnings).toEqual([]);
  });
});

describe('metrics beside the apps', () => {
  const app = '"apps": [{"script": "a.js"}]';

  it('say where the daemon serves them', async () => {
    expect(await load('a.json', `{${app}, "metrics": {"listen": "127.0.0.1:9615"}}`)).toMatchObject({
      metrics: { listen: { host: '127.0.0.1', port: 9615 } },
      warnings: [],
    });
    expect((await load('a.json', `{${app}, "metrics": {"listen": 9615}}`)).metrics).toEqual({ listen: { host: null, port: 9615 }, hosts: [], file: 'a.json' });
    expect((await load('a.json', `{${app}, "metrics": {"listen": null}}`)).metrics).toEqual({ listen: null, hosts: [], file: 'a.json' });
    expect(await load('a.json', `{${app}}`)).not.toHaveProperty('metrics');
    expect((await load('e.config.cjs', 'exports.default = () => ({ apps: [{ script: "a.js" }], metrics: { listen: 1 } })')).metrics).toEqual({
      listen: { host: null, port: 1 },
      hosts: [],
      file: 'e.config.cjs',
    });
  });

  it.each([
    ['"yes"', 'metrics: expected an object with "listen"'],
    ['{"listen": "here"}', 'metrics.listen: expected a port'],
    ['{"listen": 1, "path": "/"}', 'metrics.path: expected "listen", "hosts" and nothing else, got path'],
    ['{"listen": 1, "hosts": "web1"}', 'metrics.hosts: expected a list of host names, got "web1"'],
    ['{"listen": 1, "hosts": ["http://web1"]}', 'metrics.hosts: expected a list of host names'],
    ['{"lisen": 1}', 'got lisen, did you mean "listen"?'],
    ['{}', 'metrics.listen: expected a port, or host:port, or null for nowhere, got no value'],
  ])('are checked: %s', async (value, message) => {
    expect((await failure('a.json', `{${app}, "metrics": ${value}}`)).message).toContain(message);
  });
});

describe('failures', () => {
  it('says where the syntax error is', async () => {
    const error = await failure('bad.config.cjs', 'module.exports = {\n  apps: [}\n');
    expect(error.code).toBe('LB_ERR_CONFIG_LOAD');
    expect((error.output ?? []).join('\n')).toContain('bad.config.cjs');
  });

  it('says where it threw, without frames of lb', async () => {
    const { output } = await failure('throws.config.cjs', 'module.exports = () => { throw new Error("no database") }');
    expect((output ?? []).join('\n')).toContain('throws.config.cjs:1');
    expect((output ?? []).join('\n')).not.toContain('loadConfigFile');
  });

  it.each([
    ['bad.json', '{"apps": [}', 'LB_ERR_CONFIG_LOAD'],
    ['bad.yaml', 'apps: [', 'LB_ERR_CONFIG_LOAD'],
    ['throws.config.mjs', 'throw new Error("no database")', 'LB_ERR_CONFIG_LOAD'],
    ['throws.config.cjs', 'module.exports = () => { throw new Error("no database") }', 'LB_ERR_CONFIG_LOAD'],
    ['getter.config.cjs', 'module.exports = { apps: [{ get script() { throw new Error("no") } }] }', 'LB_ERR_CONFIG_LOAD'],
    ['missing.config.cjs', 'require("./not-there")', 'LB_ERR_CONFIG_LOAD'],
    ['bad.config.ts', 'export default {', 'LB_ERR_CONFIG_LOAD'],
    ['empty.json', '{}', 'LB_ERR_CONFIG_EMPTY'],
    ['none.json', '{"apps": []}', 'LB_ERR_CONFIG_EMPTY'],
    ['other.json', '{"app": [{"script": "a.js"}]}', 'LB_ERR_CONFIG_EMPTY'],
    ['number.json', '42', 'LB_ERR_CONFIG_EMPTY'],
    ['empty.yaml', '', 'LB_ERR_CONFIG_EMPTY'],
    ['package.json', '{"name": "x"}', 'LB_ERR_CONFIG_EMPTY'],
    ['strings.json', '{"apps": ["a.js"]}', 'LB_ERR_CONFIG_VALUE'],
  ])('%s', async (name, text, code) => expect(await failure(name, text)).toMatchObject({ code, details: { file: name } }));

  it.each(['gone.config.cjs', 'gone.config.ts', 'gone.json', 'gone.yaml'])('%s does not exist', async (name) => {
    const answer = await loader.load(join(tempDir(), name), name);
    expect(answer).toMatchObject({ error: { code: 'LB_ERR_CONFIG_LOAD', message: `${name}: cannot be loaded as a config file: no such file` } });
  });
});
