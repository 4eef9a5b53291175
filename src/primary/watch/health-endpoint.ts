import type { IncomingMessage, ServerResponse } from 'node:http';
import { LbError } from '../../errors/lb-error.ts';
import type { GenerationFacts } from '../../lifecycle/generations.ts';
import { hostAndPort } from '../../lifecycle/wording.ts';
import { HttpEndpoint } from '../../system/http-endpoint.ts';
import { isOwnHost } from '../../system/own-host.ts';
import type { PortHolder } from '../../system/port-holder.ts';

/** The facts that decide the answer of `/ready`. */
export interface ReadyFacts {
  readonly app: string;
  readonly ready: number;
  readonly instances: number;
  readonly readyMin: number;
  /** Addresses that the app served and that no ready worker serves now. */
  readonly unserved: readonly string[];
  /** The app is being stopped. */
  readonly stopping: boolean;
  readonly generations: readonly GenerationFacts[];
}

/** Serves `/live` and `/ready` on a separate port, for a load balancer in front of the machine. */
export class HealthEndpoint extends HttpEndpoint {
  constructor(facts: () => ReadyFacts, holder: PortHolder) {
    super({
      holder,
      serve: (request, response) => answer(request, response, facts()),
      failure: ({ host, port }, reason) => new LbError('LB_ERR_LISTEN', { app: facts().app, option: 'health_port', where: hostAndPort(host, port), reason }),
    });
  }
}

/** Load balancers send any `Host`, or none: they get every status. What a page of another name could read is the status alone. */
function answer({ url = '', headers }: IncomingMessage, response: ServerResponse, facts: ReadyFacts): void {
  const path = url.split('?')[0];
  const isOurs = isOwnHost(headers.host);
  if (path === '/live') send(response, 200, { status: 'live', ...(isOurs ? { app: facts.app } : {}) });
  else if (path === '/ready')
    send(response, isReady(facts) ? 200 : 503, {
      status: isReady(facts) ? 'ready' : facts.stopping ? 'stopping' : 'not ready',
      ...(isOurs ? shown(facts) : {}),
    });
  else send(response, 404, { status: 'unknown path', paths: ['/live', '/ready'] });
}

/** Whether a load balancer should send traffic to this app. */
export const isReady = ({ ready, readyMin, unserved, stopping }: ReadyFacts): boolean => !stopping && ready >= readyMin && unserved.length === 0;

const shown = ({ app, ready, instances, readyMin, unserved, generations }: ReadyFacts): object => ({
  app,
  ready,
  instances,
  ready_min: readyMin,
  unserved,
  generations,
});

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
}
