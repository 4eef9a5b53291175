/** @module-tag light */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { LB_PROGRAM, ROOT } from '../helpers/paths.ts';
import { createSandbox } from '../helpers/sandbox.ts';

/** Every command block of these pages runs in a project with the config file of the first one, or says why it does not. */
const PAGES = ['several-hosts', 'containers', 'swarm', 'kubernetes', 'ci'];

const sandbox = await createSandbox();
const page = (name: string): string => readFileSync(join(ROOT, 'docs/deploy', `${name}.md`), 'utf8');

interface Block {
  readonly why: string | undefined;
  readonly script: string;
}

const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/(?:<!-- not run: (.+) -->\n)?```sh\n([^]*?)```/g)].map(([, why, script = '']) => ({ why, script }));

it.each(PAGES)('the commands of docs/deploy/%s.md', (name) => {
  const config = /```js\n\/\/ lb\.config\.js\n([^]*?)```/.exec(page('several-hosts'))?.[1] ?? '';
  const project = dirname(sandbox.writeApp(`${name}/lb.config.js`, config));
  sandbox.writeApp(`${name}/server.js`, '');
  sandbox.writeApp(`${name}/package.json`, '{}');
  const programs = join(project, 'programs');
  mkdirSync(programs);
  symlinkSync(LB_PROGRAM, join(programs, 'lb'));
  const blocks = blocksOf(page(name));
  expect(blocks.some(({ why }) => why === undefined)).toBe(true);
  for (const { script } of blocks.filter(({ why }) => why === undefined)) {
    const env = { ...sandbox.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', script], { cwd: project, env, encoding: 'utf8' });
    expect(status, `${script}\n${stdout}\n${stderr}`).toBe(0);
  }
  const written = [...page(name).matchAll(/--out (\S+)/g)].map(([, file = '']) => file);
  expect(readdirSync(project)).toEqual(expect.arrayContaining([...new Set(written)]));
});
