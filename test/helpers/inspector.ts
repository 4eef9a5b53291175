import { once } from 'node:events';
import WebSocket from 'ws';
import { listeningPorts, ownsSocket } from '../../src/system/process-state.ts';
import { getJson } from './http.ts';
import { waitFor } from './wait.ts';

/** The address that a Node.js process serves; workers of lb do not. */
async function servedAddress(port: number): Promise<string> {
  const [target] = await getJson<{ webSocketDebuggerUrl: string }[]>(port, '/json/list');
  return target?.webSocketDebuggerUrl ?? '';
}

/** Attaches a debugger to a Node.js process, which must not listen for SIGUSR1 itself. */
export async function attachDebugger(pid: number, addressAt: (port: number) => Promise<string> = servedAddress): Promise<WebSocket> {
  const before = listeningPorts(pid);
  process.kill(pid, 'SIGUSR1');
  const opened = (): number | undefined => [...listeningPorts(pid)].find(([inode]) => !before.has(inode) && ownsSocket(pid, inode))?.[1];
  const port = await waitFor(`the inspector of ${pid} to listen`, opened);
  const socket = new WebSocket(await addressAt(port));
  await once(socket, 'open');
  return socket;
}

/**
 * Makes a Node.js process free what it no longer refers to, then closes its inspector, whose port (9229) the next process
 * needs.
 */
export async function collectGarbage(pid: number): Promise<void> {
  const socket = await attachDebugger(pid);
  const call = async (id: number, method: string, params = {}): Promise<void> => {
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = (await once(socket, 'message')) as [Buffer];
      if ((JSON.parse(data.toString()) as { id?: number }).id === id) return;
    }
  };
  // What finalizers let go of in the first is freed in the second.
  await call(1, 'HeapProfiler.collectGarbage');
  await call(2, 'HeapProfiler.collectGarbage');
  const closed = once(socket, 'close');
  socket.send(JSON.stringify({ id: 3, method: 'Runtime.evaluate', params: { expression: 'process._debugEnd()' } }));
  await closed;
}
