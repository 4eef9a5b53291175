import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { optionTypesSource, updateReference } from '../../src/config/reference.ts';

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What is generated from the option table is up to date; `npm run docs` runs this file with `-u`, which writes it. */
describe('files generated from the option table', () => {
  it('docs/configuration.md', async () => {
    const page = inRepository('docs/configuration.md');
    await expect(updateReference(await readFile(page, 'utf8'))).toMatchFileSnapshot(page);
  });

  it('docs/lb.schema.json', async () => {
    await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(inRepository('docs/lb.schema.json'));
  });

  it('src/config/app-options.ts', async () => {
    await expect(optionTypesSource()).toMatchFileSnapshot(inRepository('src/config/app-options.ts'));
  });
});
