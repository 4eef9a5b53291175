import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { it, onTestFinished } from 'vitest';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const CHROMIUM = debianPackage('chromium', 'chromium');

/** What "Load profile" does in one of the panels. */
async function load(page: Page, panel: 'timeline' | 'heap-profiler', file: string): Promise<void> {
  await page.goto(`devtools://devtools/bundled/js_app.html?panel=${panel}`);
  await page.locator('input[type=file]').first().setInputFiles(join(sandbox.directory, file));
}

it("Chrome's DevTools open the files and show what the app did", async (test) => {
  const executablePath = needsPackage(test, CHROMIUM);
  const { name, port } = await sandbox.start('profiled.cjs', { instances: 1 });
  const clients = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  await sandbox.ok('profile', name, '--cpu', '1s', '--output', 'it.cpuprofile');
  await sandbox.ok('profile', name, '--heap-sampling', '1s', '--output', 'it.heapprofile');
  await sandbox.ok('profile', name, '--heap', '--output', 'it.heapsnapshot');
  await clients.stop();

  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1500, height: 900 } });
  const shows = (text: string): Promise<void> => page.getByText(text).first().waitFor({ timeout: 20_000 });

  await load(page, 'heap-profiler', 'it.heapprofile');
  await page.locator('[role=treeitem][aria-label^="it, "]').click();
  await shows('allocateForTheAnswer');

  await load(page, 'heap-profiler', 'it.heapsnapshot');
  await page.locator('[role=treeitem][aria-label^="it, "]').filter({ hasText: 'MB' }).click();
  await shows('KeptByTheApp');

  await load(page, 'timeline', 'it.cpuprofile');
  // Behind the help that a new user gets.
  await page.getByRole('tab', { name: 'Bottom-up' }).dispatchEvent('mousedown');
  await shows('computeForTheAnswer');
});
