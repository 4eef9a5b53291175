import type { AppSpec } from '../lifecycle/app-spec.ts';
import { STRATEGIES, type BalanceStrategy } from '../lifecycle/balance-strategy.ts';
import type { Exported, ExportRequest, Host } from './export-request.ts';
import { headerOf } from './header.ts';
import { engineName } from './names.ts';
import { isLoopback, servedApp, takesProxyHeader } from './ports.ts';
import { CHECK_FALL, checkInterval, idleTimeout } from './proxy-times.ts';
import { shortTime } from './short-time.ts';

const HTTP_PORT = 80;
const THIS_MACHINE: readonly Host[] = [{ host: '127.0.0.1', port: null }];

/** Between machines; `lb` uses the strategy itself between the workers of each. */
const ALGORITHMS: Readonly<Record<BalanceStrategy, readonly string[]>> = {
  auto: ['balance roundrobin'],
  'round-robin': ['balance roundrobin'],
  direct: ['balance roundrobin'],
  'least-connections': ['balance leastconn'],
  'ip-hash': ['# The same client always reaches the same machine, as long as that is up.', 'balance source', 'hash-type consistent'],
  random: ['balance random'],
};

/** HAProxy in front of one app on several machines. */
export function haproxy({ command, apps, options }: ExportRequest): Exported {
  const { app, port } = servedApp(apps, 'haproxy');
  const { hosts = THIS_MACHINE, bind = HTTP_PORT } = options;
  const name = engineName(app.name);
  const check = checkOf(app, hosts);
  const sends = takesProxyHeader(app, port);
  const ofServers = ['check', ...check.words, `inter ${shortTime(checkInterval(app))} fall ${CHECK_FALL} rise 1`, ...(sends ? ['send-proxy-v2'] : [])];
  const text = `${headerOf(command)}
defaults
    mode http
    timeout connect 2s
    timeout check   2s
    timeout client  60s
    timeout server  60s
    # The proxy, not the app, must be the one that closes an idle connection.
    timeout http-keep-alive ${shortTime(idleTimeout(app))}
    # WebSockets.
    timeout tunnel  1h

frontend ${name}
    bind :${bind}
    option forwardfor
    default_backend ${name}

backend ${name}
${[...ALGORITHMS[app.balance], ...check.lines].map((line) => `    ${line}\n`).join('')}\
    # A machine that is gone: go to another one at once. What reached it unanswered is repeated only where HTTP allows that.
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response response-timeout
    http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE PUT DELETE }
    default-server ${ofServers.join(' ')} pool-purge-delay 2s
${hosts.map((host) => `    server ${serverName(host, port)} ${address(host, port)}\n`).join('')}`;
  return { text, notes: [...check.notes, ...stickyNotes(app, sends)] };
}

interface Check {
  readonly lines: readonly string[];
  /** Of each server. */
  readonly words: readonly string[];
  readonly notes: readonly string[];
}

/** `/ready` of the `health_port` knows more than any other check: it answers 503 before a stop closes anything. */
function checkOf(app: AppSpec, hosts: readonly Host[]): Check {
  const { healthPort, health } = app;
  if (healthPort !== null && (!isLoopback(healthPort) || hosts.every((host) => isLoopback({ ...host, port: 0 })))) {
    const lines = [
      '# 503 while too few workers are ready, and for drain_delay before a stop closes anything.',
      'option httpchk GET /ready',
      'http-check expect status 200',
    ];
    return { lines, words: [`port ${healthPort.port}`], notes: delayNotes(app) };
  }
  const why =
    healthPort === null
      ? `"${app.name}" has no health_port, so HAProxy notices a stop only when connections are refused`
      : `health_port of "${app.name}" listens on ${healthPort.host ?? ''} alone, which other machines cannot reach`;
  const notes = [`${why}; set health_port: 9000`];
  if (health?.path === undefined || health.path === null) return { lines: [], words: [], notes };
  const expected = health.expect.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
  const headers = Object.entries(health.headers ?? {}).map(([key, value]) => ` hdr ${quoted(key)} ${format(value)}`);
  const lines = [
    'option httpchk',
    `http-check send meth GET uri ${quoted(health.path)} ver HTTP/1.1 hdr Host ${format(health.host ?? 'localhost')}${headers.join('')}`,
    `http-check expect status ${expected}`,
  ];
  return { lines, words: health.port === null ? [] : [`port ${health.port}`], notes };
}

const delayNotes = ({ name, drainDelayMs }: AppSpec): string[] =>
  drainDelayMs === 0 ? [`drain_delay of "${name}" is 0, so a stop closes its sockets before HAProxy has noticed`] : [];

const stickyNotes = ({ name, balance }: AppSpec, sends: boolean): string[] =>
  STRATEGIES[balance].sticky && !sends
    ? [`"${name}" balances by ${balance}, but without proxy_protocol it sees only the address of HAProxy, so each machine uses one worker`]
    : [];

/** Values of headers are format strings. */
const format = (text: string): string => quoted(text.replaceAll('%', '%%'));
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const address = ({ host, port }: Host, appPort: number): string => `${host.includes(':') ? `[${host}]` : host}:${port ?? appPort}`;
const serverName = ({ host, port }: Host, appPort: number): string => `${host}:${port ?? appPort}`;
