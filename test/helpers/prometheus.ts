import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { debianPackage } from './debian-package.ts';
import { getJson } from './http.ts';
import { freePort } from './ports.ts';
import { waitFor } from './wait.ts';

export const PROMETHEUS = debianPackage('prometheus', 'prometheus');
export const PROMTOOL = debianPackage('promtool', 'prometheus');

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** A Prometheus server that scrapes one target twice a second and ends with the test; asks it one query at a time. */
export async function startPrometheus(program: string, directory: string, targetPort: number): Promise<(query: string) => Promise<number | null>> {
  const port = await freePort();
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    `scrape_configs:\n  - job_name: lb\n    scrape_interval: 500ms\n    scrape_timeout: 500ms\n    static_configs:\n      - targets: ['127.0.0.1:${targetPort}']\n`,
  );
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'prometheus')}`, `--web.listen-address=127.0.0.1:${port}`];
  const server = spawn(program, options, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  onTestFinished(async () => {
    if (server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  });
  await waitFor('Prometheus to be ready', () => output.includes('Server is ready to receive web requests'), { context: () => output });
  return async (query) => {
    const { data } = await getJson<QueryAnswer>(port, `/api/v1/query?query=${encodeURIComponent(query)}`);
    const [first] = data.result;
    return first === undefined ? null : Number(first.value[1]);
  };
}
