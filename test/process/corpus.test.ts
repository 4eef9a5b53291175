/** @module-tag light */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CORPUS, filesOf, type Case } from '../config/corpus.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox, type Sandbox } from '../helpers/sandbox.ts';

/** `LB_CORPUS=all npx vitest run test/process/corpus.test.ts` starts every file; `npm test` every third one. */
const SHARE = process.env['LB_CORPUS'] === 'all' ? 1 : 3;

/** Several apps have the same name, so they start in homes of their own, several at a time. */
const sandboxes = [await createSandbox(), await createSandbox(), await createSandbox()];

/** What is wrong with an ecosystem file that was started. */
async function problemOf(sandbox: Sandbox, directory: string, each: Case): Promise<string | null> {
  const { file = 'ecosystem.config.js', env, apps, warnings = [] } = each;
  const port = await freePort();
  const root = join(sandbox.directory, 'apps', directory);
  mkdirSync(root, { recursive: true });
  for (const [name, text] of Object.entries(filesOf(each, root, port))) {
    const path = sandbox.writeApp(join(directory, name), text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
  const started = await sandbox.lbWith({ cwd: root }, 'start', file, ...(env === undefined ? [] : ['--env', env]));
  const warned = [...started.stderr.matchAll(/^warning: (.*)$/gm)].map(([, text]) => text);
  const states = (await sandbox.apps()).map(({ name, state, ready }) => ({ name, serves: state === 'online' && ready > 0 }));
  await sandbox.clear();
  if (started.code !== 0) return String(started);
  if (states.length !== apps.length) return `${apps.length} apps were to start: ${JSON.stringify(states)}`;
  if (JSON.stringify(warned) !== JSON.stringify(warnings)) return `other warnings: ${JSON.stringify(warned)}`;
  const idle = states.filter(({ serves }, index) => !serves && apps[index]?.autostart !== false);
  return idle.length === 0 ? null : `not online: ${JSON.stringify(idle)}\n${started.toString()}`;
}

it('the ecosystem files of the corpus start, with the warnings that they are to have', async () => {
  const rest = Object.entries(CORPUS)
    .filter((_, index) => index % SHARE === 0)
    .entries();
  const problems: string[] = [];
  await Promise.all(
    sandboxes.map(async (sandbox) => {
      for (const [index, [name, each]] of rest) {
        const problem = await problemOf(sandbox, `case-${index}`, each);
        if (problem !== null) problems.push(`${name}: ${problem}`);
      }
    }),
  );
  expect(problems.join('\n\n')).toBe('');
}, 300_000);
