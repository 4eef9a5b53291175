import { request as httpRequest } from 'node:http';
import type { LbEvent } from '../../protocol/event.ts';

/** Posts an event as JSON; any 2xx is success. Does not follow redirects. The signal aborts. @throws Error with the reason */
export async function postEvent(url: string, event: LbEvent, signal: AbortSignal): Promise<void> {
  const target = new URL(url);
  const request = target.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  const body = JSON.stringify(event);
  await new Promise<void>((resolve, reject) => {
    const sent = request(target, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'lb', connection: 'close' },
    });
    const abort = (): void => void sent.destroy(new Error(String(signal.reason)));
    signal.addEventListener('abort', abort, { once: true });
    sent.once('close', () => signal.removeEventListener('abort', abort));
    sent.on('error', reject);
    sent.once('response', (response) => {
      const status = response.statusCode ?? 0;
      // Only the status matters; a body could be endless.
      response.on('error', () => {});
      sent.destroy();
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`status ${status}`));
    });
    sent.end(body);
  });
}
