import type { AppSpec } from '../lifecycle/app-spec.ts';
import { STRATEGIES, type BalanceStrategy } from '../lifecycle/balance-strategy.ts';
import type { Exported, ExportRequest, Host } from './export-request.ts';
import { headerOf } from './header.ts';
import { engineName } from './names.ts';
import { servedApp, takesProxyHeader } from './ports.ts';
import { idleTimeout } from './proxy-times.ts';
import { shortTime } from './short-time.ts';

const HTTP_PORT = 80;
const THIS_MACHINE: readonly Host[] = [{ host: '127.0.0.1', port: null }];

/** Between machines. Round robin is nginx's own. */
const ALGORITHMS: Readonly<Record<BalanceStrategy, readonly string[]>> = {
  auto: [],
  'round-robin': [],
  direct: [],
  'least-connections': ['least_conn;'],
  'ip-hash': ['# The same client always reaches the same machine, as long as that is up.', 'hash $remote_addr consistent;'],
  random: ['random;'],
};

/** nginx in front of one app on one or several machines. */
export function nginx({ command, apps, options }: ExportRequest): Exported {
  const { app, port } = servedApp(apps, 'nginx');
  const { hosts = THIS_MACHINE, bind = HTTP_PORT } = options;
  const servers = hosts.map((host) => `server ${address(host, port)}${hosts.length === 1 ? '' : ' max_fails=1 fail_timeout=2s'};`);
  const upstream = [...ALGORITHMS[app.balance], ...servers];
  const write = takesProxyHeader(app, port) ? streamText : httpText;
  return { text: headerOf(command) + write({ app, bind, upstream }), notes: notesOf(app, takesProxyHeader(app, port)) };
}

interface Parts {
  readonly app: AppSpec;
  readonly bind: number;
  readonly upstream: readonly string[];
}

const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join('');

function httpText({ app, bind, upstream }: Parts): string {
  const name = engineName(app.name);
  const connection = `$${name.replaceAll('-', '_')}_connection`;
  return `# For the http block, for example as /etc/nginx/conf.d/${name}.conf.

upstream ${name} {
${indented(upstream)}\
    # nginx, not the app, must be the one that closes an idle connection. lb chooses a worker per connection, so long-lived
    # connections make the shares less even: keep few, and not for long.
    keepalive 16;
    keepalive_requests 1000;
    keepalive_timeout ${shortTime(idleTimeout(app))};
}

map $http_upgrade ${connection} {
    default upgrade;
    # Empty, so that the connection to the app is kept open.
    ''      '';
}

server {
    listen ${bind};

    location / {
        proxy_pass http://${name};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        # WebSockets. One that is silent for longer than proxy_read_timeout is closed.
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection ${connection};
        proxy_read_timeout 60s;
        # A machine that is gone: go to another one at once. What reached it unanswered is repeated only where HTTP allows that.
        proxy_connect_timeout 2s;
        proxy_next_upstream error timeout;
        proxy_next_upstream_tries 3;
    }
}
`;
}

/** Only here can nginx name the client in a PROXY header. */
function streamText({ app, bind, upstream }: Parts): string {
  const name = engineName(app.name);
  return `# The app expects the PROXY protocol, which nginx sends from its stream block alone: include this there, not in the http block.

upstream ${name} {
${indented(upstream)}}

server {
    listen ${bind};
    proxy_pass ${name};
    proxy_protocol on;
    proxy_timeout 1h;
    # A machine that is gone: go to another one at once.
    proxy_connect_timeout 2s;
    proxy_next_upstream on;
    proxy_next_upstream_tries 3;
}
`;
}

const notesOf = ({ name, balance }: AppSpec, sends: boolean): string[] =>
  STRATEGIES[balance].sticky && !sends
    ? [`"${name}" balances by ${balance}, but without proxy_protocol it sees only the address of nginx, so each machine uses one worker`]
    : [];

const address = ({ host, port }: Host, appPort: number): string => `${host.includes(':') ? `[${host}]` : host}:${port ?? appPort}`;
