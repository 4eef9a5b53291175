import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeHolders, portHolder } from '../../../src/primary/ingress/port-holder.ts';
import type { PrimarySettings } from '../../../src/protocol/attach.ts';

const SETTINGS: PrimarySettings = {
  name: 'web',
  home: '/h',
  socket: '/h/lb.sock',
  daemonLog: '/h/daemon.log',
  daemonNode: '/usr/bin/node',
  daemonProgram: '/lb.js',
  preload: '/p.cjs',
  version: '1.2.3',
  foreground: false,
  sockets: 0,
};

/** A process with this environment whose child prints its pid. */
async function grandchild(settings: string): Promise<{ readonly pid: number; readonly parent: number }> {
  const inner = 'console.log(process.pid); setInterval(() => {}, 1e6)';
  const outer = `delete process.env.LB_PRIMARY_SETTINGS; require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: ['pipe', 'inherit', 'inherit'] })`;
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
    const text = await portHolder('/h')({ address: null, port, addressType: 4 });
    expect(text).toMatch(new RegExp(`^port ${port} is held by pid ${process.pid} \\(.*(node|vitest).*\\)$`));
    expect(await portHolder('/h')({ address: null, port: 1, addressType: 4 })).toBeNull();
  });

  it('an app of lb: its primary, or one of its workers', async () => {
    const { pid, parent } = await grandchild(JSON.stringify(SETTINGS));
    const uid = process.getuid?.() ?? null;
    expect(describeHolders({ pids: [parent], uid }, '/h')).toBe(`app "web" (pid ${parent})`);
    expect(describeHolders({ pids: [pid], uid }, '/h')).toBe(`app "web" (pid ${pid})`);
    expect(describeHolders({ pids: [process.pid, pid], uid }, '/h'), 'its daemon holds the socket too').toBe(`app "web" (pid ${pid})`);
    expect(describeHolders({ pids: [pid], uid }, '/other')).toBe(`app "web" of LB_HOME /h (pid ${pid})`);
  });

  it.each(['no JSON', '{"name":"web"}'])('a process with a foreign variable (%s) is no app', async (settings) => {
    const { pid } = await grandchild(settings);
    expect(describeHolders({ pids: [pid], uid: null }, '/h')).toMatch(new RegExp(`^pid ${pid} \\(.*node -e`));
  });

  it('a process of another user, and one that is out of sight', () => {
    const own = process.getuid?.() ?? 0;
    expect(describeHolders({ pids: [], uid: own + 1 }, '/h')).toBe(`a process of user ${own + 1} that this user cannot look into`);
    expect(describeHolders({ pids: [], uid: own }, '/h')).toBe('a process that cannot be seen from here');
    expect(describeHolders({ pids: [], uid: null }, '/h')).toBe('a process that cannot be seen from here');
  });
});
