import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tableOfDeploys } from './helpers/deploys.ts';
import { ROOT } from './helpers/paths.ts';

const FILE = join(ROOT, 'docs/deploys.md');
const TABLE = /(?<=<!-- deploys -->\n)[^]*?(?=\n<!-- end -->)/;

it('docs/deploys.md has the table that test/process/deploys.test.ts tries', () => {
  const text = readFileSync(FILE, 'utf8');
  const expected = text.replace(TABLE, () => tableOfDeploys());
  expect(text).toMatch(TABLE);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, expected);
  else expect(text, 'UPDATE_DOCS=1 npx vitest run --project unit test/deploys.test.ts').toBe(expected);
});
