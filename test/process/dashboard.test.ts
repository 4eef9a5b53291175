import { readdirSync, statSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { ROOT } from '../helpers/paths.ts';
import { expectLossless } from '../helpers/tally.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import type { LbProcess } from '../helpers/run-lb.ts';

/** About 20 KB of it are uPlot, 5 KB Preact. */
const MOST_COMPRESSED_BYTES = 40_000;

const sandbox = await createSandbox();
const CHROMIUM = debianPackage('chromium', 'chromium');

let browser: Browser | null = null;
beforeAll(async () => {
  if (CHROMIUM.path !== null) browser = await chromium.launch({ executablePath: CHROMIUM.path, args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());

interface Dashboard {
  readonly process: LbProcess;
  readonly url: string;
  readonly origin: string;
  readonly port: number;
}

async function startDashboard(...flags: string[]): Promise<Dashboard> {
  const process = sandbox.lbBackground('dashboard', ...flags);
  const url = await sandbox.waitFor('the URL', () => /^http\S+(?=\n)/.exec(process.stdout)?.[0]);
  const { origin, port } = new URL(url);
  return { process, url, origin, port: Number(port) };
}

let context: BrowserContext;

/** A page that must neither fail nor load anything from elsewhere. */
async function open(url: string, app: string): Promise<Page> {
  context = await (browser as Browser).newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const foreign: string[] = [];
  page.on('request', (asked) => {
    if (new URL(asked.url()).host !== new URL(url).host && !asked.url().startsWith('data:')) foreign.push(asked.url());
  });
  page.on('pageerror', (error) => foreign.push(String(error.stack)));
  page.on('console', (message) => void (message.type() === 'error' && message.text().includes('Content Security Policy') && foreign.push(message.text())));
  troubles.push(foreign);
  await page.goto(url);
  await page.getByRole('link', { name: app, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: app }).waitFor();
  return page;
}

const troubles: string[][] = [];
const expectNoTrouble = (): void => expect(troubles.flat(), 'what went wrong in the page, and what it loaded from elsewhere').toEqual([]);

/** What is drawn of a chart, and the number above it. */
async function chart(page: Page, title: string): Promise<{ drawn: string; value: string }> {
  const figure = page.locator('figure').filter({ hasText: title }).first();
  const drawn = await figure.locator('canvas').evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
  return { drawn, value: await figure.locator('b').innerText() };
}

let app: StartedApp;
beforeEach(async () => {
  troubles.length = 0;
  app = await sandbox.start('plain-http.cjs');
});

it(`is at most ${MOST_COMPRESSED_BYTES / 1000} KB, compressed`, () => {
  const files = readdirSync(`${ROOT}/dist/dashboard`);
  const sent = ['app.css', 'app.js', 'index.html'];
  expect(files.sort()).toEqual([...sent, ...sent.map((file) => `${file}.br`), 'third-party.txt'].sort());
  expect(sent.reduce((sum, file) => sum + statSync(`${ROOT}/dist/dashboard/${file}.br`).size, 0)).toBeLessThanOrEqual(MOST_COMPRESSED_BYTES);
});

describe('in a browser', () => {
  it('charts move, a reload that was started there runs and loses nothing', async (test) => {
    needsPackage(test, CHROMIUM);
    app = await sandbox.start('plain-http.cjs', { name: 'Café 日本語 👩‍🚀' });
    const { url, process } = await startDashboard('--allow-actions');
    const page = await open(url, app.name);
    expect(page.url(), 'no token in the address bar').not.toContain('token');
    const load = startLoad({ port: app.port, mode: 'keep-alive', clients: 2, thinkMs: 5 });
    const before = await chart(page, 'Requests/s');
    await sandbox.waitFor('the chart to move', async () => {
      const now = await chart(page, 'Requests/s');
      return now.drawn !== before.drawn && Number(now.value) > 0;
    });
    const pids = await sandbox.workerPids(app.name);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('status').getByText(`${app.name}[0] draining`).waitFor();
    await page.getByText(`${app.name} reloaded, generation 2, 2 workers`).first().waitFor();
    expect((await sandbox.workerPids(app.name)).filter((pid) => pids.includes(pid))).toEqual([]);
    expectLossless(await load.stop());
    await page.getByRole('button', { name: 'One worker more' }).click();
    await sandbox.waitForApp(app.name, 'have three workers', ({ ready }) => ready === 3);
    expectNoTrouble();
    await context.close();
    process.kill('SIGINT');
    expect(await process.ended).toMatchObject({ code: 0 });
  });

  it('shows two hours and a day, worker by worker, with the keyboard, and as the URL says', async (test) => {
    needsPackage(test, CHROMIUM);
    const { url } = await startDashboard();
    const page = await open(url, app.name);
    const asked: string[] = [];
    page.on('request', (request) => void (request.url().includes('/api/') && asked.push(request.url())));
    const chosen = page.getByRole('navigation').locator('[aria-current=true]');
    expect(await chosen.allInnerTexts()).toEqual(['10 min', 'CPU']);
    await page.getByRole('link', { name: '2 h' }).press('Enter');
    await page.getByRole('link', { name: 'Memory' }).press('Enter');
    await sandbox.waitFor('the choice', async () => String(await chosen.allInnerTexts()) === '2 h,Memory');
    expect(await page.evaluate('document.activeElement.textContent'), 'where the keyboard goes on').toBe('Memory');
    await page.reload();
    await page
      .getByRole('region', { name: 'Per worker' })
      .getByText(/^1 [\d.]+ MB$/)
      .waitFor();
    expect(await chosen.allInnerTexts()).toEqual(['2 h', 'Memory']);
    await page.getByRole('link', { name: '24 h' }).press('Enter');
    const before = await chart(page, 'CPU');
    const load = startLoad({ port: app.port, mode: 'keep-alive', clients: 2, thinkMs: 5 });
    await sandbox.waitFor('the last minute to move', async () => (await chart(page, 'CPU')).drawn !== before.drawn);
    expectLossless(await load.stop());
    await page.getByRole('link', { name: 'Apps' }).click();
    await sandbox.waitFor('the history of all apps', () => asked.at(-1)?.includes('resolution=1s'));
    const histories = asked.map((request) => new URL(request).searchParams).map((search) => `${search.get('level')} ${search.get('resolution')}`);
    const ofView = (resolution: string): string[] => [`app ${resolution}`, `slot ${resolution}`];
    expect(histories, 'only what is shown, once').toEqual([...ofView('10s'), 'slot 10s', ...ofView('10s'), ...ofView('1m'), 'app 1s']);
    expectNoTrouble();
    await context.close();
  });

  it('asks before it stops an app, and Escape means no', async (test) => {
    needsPackage(test, CHROMIUM);
    const { url } = await startDashboard('--allow-actions');
    const page = await open(url, app.name);
    await page.getByRole('button', { name: 'Stop…' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent'), 'where the keyboard goes on').toBe('Stop…');
    expect((await sandbox.snapshot(app.name)).state).toBe('online');
    await page.getByRole('button', { name: 'Stop…' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).press('Enter');
    await page.getByRole('button', { name: 'Start' }).waitFor();
    await sandbox.waitForApp(app.name, 'be stopped', ({ state }) => state === 'stopped');
    expectNoTrouble();
    await context.close();
  });

  it('shows log lines as they come, finds some, and marks stderr', async (test) => {
    needsPackage(test, CHROMIUM);
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1 });
    const { url } = await startDashboard();
    const page = await open(url, name);
    await page.getByRole('region', { name: 'Workers' }).getByRole('link', { name: 'Logs' }).click();
    await page.getByRole('combobox', { name: 'App' }).waitFor();
    await request('/?lines=20', { port });
    const lines = page.getByLabel('Lines', { exact: true }).getByRole('listitem');
    await lines.getByText('line 19 of').waitFor();
    await lines.filter({ hasText: 'line 18 of' }).filter({ hasText: 'err' }).waitFor();
    await page.getByRole('searchbox').fill('LINE 7 ');
    await sandbox.waitFor('one line to be left', async () => (await lines.count()) === 1);
    expect(await lines.innerText()).toContain('line 7 of');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'Pause' }).click();
    await request('/?lines=4', { port });
    await page.getByRole('button', { name: 'Resume (4 new)' }).click();
    await sandbox.waitFor('the lines that waited', async () => (await lines.filter({ hasText: 'line 1 of' }).count()) === 2);
    expectNoTrouble();
    await context.close();
  });

  it('without --allow-actions there is nothing to press, and the daemon going away is told', async (test) => {
    needsPackage(test, CHROMIUM);
    const { url, process } = await startDashboard();
    const page = await open(url, app.name);
    await page.getByRole('table', { name: 'Workers' }).waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
    globalThis.process.kill(await sandbox.daemonPid(), 'SIGKILL');
    await page.getByText('reconnecting').waitFor();
    await page.getByText('live, read-only').waitFor();
    await sandbox.waitFor('the terminal to tell', () => process.stderr.includes('the daemon is gone') && process.stderr.includes('the daemon is back'));
    expectNoTrouble();
    await context.close();
  });

  it.for([
    [360, 740],
    [1280, 800],
  ] as const)('fits a window of %i × %i', async ([width, height], test) => {
    needsPackage(test, CHROMIUM);
    const { url } = await startDashboard('--allow-actions');
    const page = await open(url, app.name);
    await page.setViewportSize({ width, height });
    for (const hash of ['#/', `#/apps/${app.name}`, `#/logs/${app.name}`]) {
      await page.goto(`${new URL(url).origin}/${hash}`);
      await page.getByRole('main').getByRole('region').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), hash).toBe(0);
    }
    expectNoTrouble();
    await context.close();
  });
});

it('says why it cannot start', async () => {
  const taken = await sandbox.lb('dashboard', '--port', String(app.port));
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr).toContain(`cannot serve the dashboard at 127.0.0.1:${app.port}: the port is in use by app "${app.name}" (pid `);
  const alone = await sandbox.lbWith({ env: { LB_HOME: `${sandbox.directory}/elsewhere` } }, 'dashboard');
  expect(alone).toMatchObject({ code: 4, stdout: '' });
});

describe('nobody else', () => {
  const cookieOf = ({ url, port }: Dashboard): string => `lb-dashboard-${port}=${new URL(url).searchParams.get('token')}`;

  function statusOfWebSocket({ port }: Dashboard, headers: Record<string, string>): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers });
    return new Promise<number>((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.once('error', () => {});
    }).finally(() => socket.terminate());
  }

  it('a wrong token, a foreign Host and a foreign Origin get nothing; read-only refuses actions', async () => {
    const dashboard = await startDashboard();
    const { port, origin } = dashboard;
    const cookie = cookieOf(dashboard);
    expect(await request('/?token=wrong', { port })).toMatchObject({ status: 401, body: expect.stringContaining('run "lb dashboard" again') as string });
    expect(await request('/app.js', { port })).toMatchObject({ status: 401 });
    expect(await request('/', { port, headers: { cookie, host: 'evil.example' } })).toMatchObject({
      status: 403,
      body: expect.stringMatching(/^Refused/) as string,
    });
    expect(await statusOfWebSocket(dashboard, { origin })).toBe(401);
    expect(await statusOfWebSocket(dashboard, { origin: 'http://evil.example', cookie })).toBe(403);
    expect(await statusOfWebSocket(dashboard, { origin, cookie })).toBe(101);
    const refused = await request(`/api/apps/${app.name}/stop`, { port, method: 'POST', body: '{}', headers: { cookie, origin } });
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.body).toContain('--allow-actions');
    expect((await sandbox.snapshot(app.name)).state).toBe('online');
  });

  it('a page of another origin in the same browser gets nothing', async (test) => {
    needsPackage(test, CHROMIUM);
    const dashboard = await startDashboard('--allow-actions');
    await open(dashboard.url, app.name);
    const page = await context.newPage();
    // The app answers on the same host: a browser would send it, and its pages, the cookie.
    await page.goto(`http://127.0.0.1:${app.port}/`);
    const attempt = `Promise.all([
      fetch('${dashboard.origin}/').then(() => 'read', () => 'refused'),
      fetch('${dashboard.origin}/api/apps/${app.name}/stop', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).then(() => 'sent', () => 'refused'),
      new Promise((resolve) => { const socket = new WebSocket('${dashboard.origin.replace('http', 'ws')}/live'); socket.onopen = () => resolve('open'); socket.onerror = () => resolve('refused'); }),
    ])`;
    const [read, , socket] = await page.evaluate<string[]>(attempt);
    expect([read, socket]).toEqual(['refused', 'refused']);
    expect((await sandbox.snapshot(app.name)).state).toBe('online');
    await context.close();
  });
});
