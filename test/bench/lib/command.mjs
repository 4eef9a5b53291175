import { spawn, spawnSync } from 'node:child_process';

/**
 * Runs a program of Node.js to its end.
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd: string, timeoutMs?: number, mayFail?: boolean }} options
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function runNode(args, options) {
  return runCommand(process.execPath, args, options);
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd: string, timeoutMs?: number, mayFail?: boolean }} options
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function runCommand(program, args, { env, cwd, timeoutMs = 60_000, mayFail = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const finish = () => {
        clearTimeout(late);
        child.stdout.destroy();
        child.stderr.destroy();
        if (code === 0 || mayFail) resolve({ code, output });
        else reject(new Error(`${program} ${args.join(' ')}: ${signal ?? `exit code ${code}`}\n${output}`));
      };
      // A daemon it started may have inherited the pipes and never close them.
      const late = setTimeout(finish, 300);
      child.once('close', finish);
    });
  });
}

/**
 * Wall time of a program of Node.js, from before its start to after its end.
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd: string }} options
 * @throws Error when it fails
 */
export function timed(args, { env, cwd }) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  const tookMs = performance.now() - startedAt;
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit code ${status}\n${stderr}`);
  return tookMs;
}
