import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeHolders, portHolder } from '../../src/system/port-holder.ts';
import { SETTINGS_VARS, type PrimarySettings } from '../../src/protocol/attach.ts';
import { tempHome } from '../daemon/temp-home.ts';

const OURS = { home: '/h', ...SETTINGS_VARS };
const SETTINGS: PrimarySettings = {
  name: 'web',
  home: '/h',
  daemonLog: '/h/daemon.log',
  daemonNode: '/usr/bin/node',
  program: '/program',
  version: '1.2.3',
  foreground: false,
};

/** A process with this environment whose child prints its pid. */
async function grandchild(settings: string, worker = {}): Promise<{ readonly pid: number; readonly parent: number }> {
  const env = JSON.stringify({ LB_WORKER_SETTINGS: JSON.stringify(worker) });
  const inner = 'console.log(process.pid); setInterval(() => {}, 1e6)';
  const outer = `delete process.env.LB_PRIMARY_SETTINGS; require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: ['pipe', 'inherit', 'inherit'], env: ${env} })`;
  const child = spawn(process.execPath, ['-e', outer], { env: { LB_PRIMARY_SETTINGS: settings }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  onTestFinished(() => {
    process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
  });
  return { pid, parent: child.pid ?? 0 };
}

describe.runIf(process.platform === 'linux')('who holds a port', () => {
  it('another program: its pid and command line', async () => {
    const server = createServer().listen(0);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const text = await portHolder(OURS)({ address: null, port, addressType: 4 });
    expect(text).toMatch(new RegExp(`^pid ${process.pid} \\(.*(node|vitest).*\\)$`));
    expect(await portHolder(OURS)({ address: null, port: 1, addressType: 4 })).toBeNull();
  });

  it('an app of lb: its primary, or one of its workers', async () => {
    const { pid, parent } = await grandchild(JSON.stringify(SETTINGS));
    const uid = process.getuid?.() ?? null;
    expect(describeHolders({ pids: [parent], uid }, OURS)).toBe(`app "web" (pid ${parent})`);
    expect(describeHolders({ pids: [pid], uid }, OURS)).toBe(`app "web" (pid ${pid})`);
    expect(describeHolders({ pids: [process.pid, pid], uid }, OURS), 'its daemon holds the socket too').toBe(`app "web" (pid ${pid})`);
    expect(describeHolders({ pids: [pid], uid }, { ...OURS, home: '/other' })).toBe(`app "web" of LB_HOME /h (pid ${pid})`);
  });

  it('names every app of a primary, from its record', async () => {
    const home = tempHome();
    mkdirSync(join(home, 'primaries'));
    const record = (apps: readonly string[]): void => writeFileSync(join(home, 'primaries', 'web.json'), JSON.stringify({ pid: 1, startTime: 1, apps }));
    const { parent } = await grandchild(JSON.stringify({ ...SETTINGS, home }));
    const described = (): string => describeHolders({ pids: [parent], uid: null }, { ...OURS, home });
    record(['shop']);
    expect(described()).toBe(`app "shop" (pid ${parent})`);
    record(['shop', 'jobs']);
    expect(described()).toBe(`one of the apps "shop", "jobs" (pid ${parent})`);
    record([]);
    expect(described()).toBe(`app "web" (pid ${parent})`);
  });

  it('names the app of the worker that holds it, whatever else is in its primary', async () => {
    const home = tempHome();
    mkdirSync(join(home, 'primaries'));
    writeFileSync(join(home, 'primaries', 'web.json'), JSON.stringify({ pid: 1, startTime: 1, apps: ['shop', 'jobs'] }));
    const { pid, parent } = await grandchild(JSON.stringify({ ...SETTINGS, home }), { app: 'jobs' });
    expect(describeHolders({ pids: [parent, pid], uid: null }, { ...OURS, home })).toBe(`app "jobs" (pid ${pid})`);
  });

  it.each(['no JSON', '{"name":"web"}', 'null'])('a process with a foreign variable (%s) is no app', async (settings) => {
    const { pid } = await grandchild(settings);
    expect(describeHolders({ pids: [pid], uid: null }, OURS)).toMatch(new RegExp(`^pid ${pid} \\(.*node -e`));
  });

  it('a process of another user, and one that is out of sight', () => {
    const own = process.getuid?.() ?? 0;
    expect(describeHolders({ pids: [], uid: own + 1 }, OURS)).toBe(`a process of user ${own + 1} that this user cannot look into`);
    expect(describeHolders({ pids: [], uid: own }, OURS)).toBe('a process that cannot be seen from here');
    expect(describeHolders({ pids: [], uid: null }, OURS)).toBe('a process that cannot be seen from here');
  });
});
