import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const children = new Set<ChildProcess>();

/** A Node.js process that runs the code and has printed its first line, which is handed back. */
export async function startNode(code: string, node = process.execPath): Promise<{ child: ChildProcess; pid: number; line: string }> {
  const child = spawn(node, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, pid: child.pid ?? 0, line: chunk.toString().trim() };
}

/** To be called after each test. */
export async function endChildren(): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  children.clear();
}
