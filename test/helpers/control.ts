import http from 'node:http';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly text: string;
  json<T>(): T;
}

/** One request to the control socket, as curl would send it. */
export function controlRequest(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  headers: http.OutgoingHttpHeaders = {},
): Promise<ControlAnswer> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = http.request(
      {
        socketPath,
        method,
        path,
        agent: false,
        timeout: 10_000,
        // Node sends no length of its own for a DELETE.
        headers: {
          'x-lb-protocol': CONTROL_PROTOCOL,
          'content-type': 'application/json',
          ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => (text += chunk));
        res.on('error', reject);
        res.on('end', () => resolve({ status: res.statusCode ?? 0, text, json: <T>() => JSON.parse(text) as T }));
      },
    );
    req.on('timeout', () => req.destroy(new Error(`no answer to ${method} ${path}`)));
    req.on('error', reject);
    req.end(payload);
  });
}
