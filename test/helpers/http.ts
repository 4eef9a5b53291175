import http from 'node:http';
import https from 'node:https';
import type { AppIdentity } from './tally.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestTarget {
  readonly port?: number;
  readonly socketPath?: string;
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  readonly tls?: boolean;
  readonly agent?: http.Agent;
}

/** One request on a connection of its own (unless an agent is given), without a retry. */
export function request(path: string, target: RequestTarget): Promise<Answer> {
  const { timeoutMs = 10_000, body, tls = false, agent, ...rest } = target;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', path, agent: agent ?? false, rejectUnauthorized: false, ...rest };
    const req = (tls ? https : http).request(options, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('error', reject);
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    req.setTimeout(timeoutMs, () => req.destroy(new Error(`no answer to ${path} in ${timeoutMs} ms`)));
    req.on('error', reject);
    req.end(body);
  });
}

/** GET on a port, the JSON of the answer. */
export async function getJson<T = AppIdentity>(port: number, path = '/', target: RequestTarget = {}): Promise<T> {
  const { body } = await request(path, { port, ...target });
  return JSON.parse(body) as T;
}
