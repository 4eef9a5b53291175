import { MAX_INSTANCES } from '../../lifecycle/app-spec.ts';
import { describe } from '../describe.ts';
import { fieldsOrOff } from '../fields-kind.ts';
import { headers } from '../headers-kind.ts';
import type { Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { withDefault } from './option.ts';

const path: typeof kinds.string = {
  ...kinds.string,
  label: 'HTTP path',
  schema: { type: 'string', pattern: '^/' },
  parse(raw) {
    const parsed = kinds.string.parse(raw);
    return 'value' in parsed && /^\/[\x21-\x7e]*$/.test(parsed.value)
      ? parsed
      : { mismatch: { expected: 'a path such as /healthz', got: describe(raw), at: '' } };
  },
};

const host: typeof kinds.string = {
  ...kinds.string,
  label: 'host name',
  parse(raw) {
    const parsed = kinds.string.parse(raw);
    return 'value' in parsed && /^[\w.:[\]-]+$/.test(parsed.value)
      ? parsed
      : { mismatch: { expected: 'a host name such as shop.example', got: describe(raw), at: '' } };
  },
};

const duration = kinds.durationMs;
const positive: typeof duration = {
  ...duration,
  parse(raw) {
    const parsed = duration.parse(raw);
    return 'value' in parsed && parsed.value < 1 ? { mismatch: { expected: 'a duration above 0', got: describe(raw), at: '' } } : parsed;
  },
};

const HEALTH_FIELDS = {
  path: { kind: path as Kind<string | null>, default: null, defaultText: 'none: a plain connect', doc: 'path of the GET request' },
  host: { kind: host as Kind<string | null>, default: null, defaultText: 'localhost', doc: 'host name for the `Host` header, and for TLS' },
  headers: { kind: headers, default: {} as Readonly<Record<string, string>>, defaultText: 'none', doc: 'further request headers' },
  port: {
    kind: kinds.integer(1, 65_535) as Kind<number | null>,
    default: null,
    defaultText: 'the first; of a command, its `PORT`',
    doc: "which of the app's ports",
  },
  command: {
    kind: kinds.string as Kind<string | null>,
    default: null,
    defaultText: 'none',
    doc: 'of an app that is a command: a shell command that ends with 0 while the app is healthy, in its directory and environment',
  },
  interval: { kind: positive, default: 2_000, doc: 'time between two checks of a worker; halved while the worker fails or recovers' },
  timeout: { kind: positive, default: 2_000, doc: 'time limit of one check' },
  fall: { kind: kinds.integer(1, 1_000), default: 3, doc: 'failures in a row before the worker is ejected' },
  rise: { kind: kinds.integer(1, 1_000), default: 2, doc: 'successes in a row before the worker is readmitted' },
  expect: { kind: kinds.statusRanges, default: [[200, 399]] as readonly (readonly [number, number])[], defaultText: '200-399', doc: 'healthy status codes' },
  replace_after: {
    kind: kinds.orOff(duration),
    default: 60_000 as number | null,
    defaultText: '1m',
    doc: 'a worker that stays ejected for longer is replaced; 0 means never',
  },
};

const EJECTION_FIELDS = {
  take_timeout: { kind: positive, default: 5_000, doc: 'a connection that the worker has not taken for this long counts against it' },
  loop_delay: { kind: positive, default: 1_000, doc: 'an event loop that is this late in two of three seconds counts against the worker' },
  error_rate: { kind: kinds.share(0, 1), default: 0.5, doc: 'share of 5xx responses that counts against the worker if its peers have far fewer' },
  base: { kind: positive, default: 10_000, doc: 'length of the first ejection; the nth is n times as long, up to 5 min' },
  max_share: { kind: kinds.share(0, 1), default: 0.34, doc: 'share of the workers that passive checks can eject at the same time; one is always possible' },
};

const CANARY_FIELDS = {
  monitor: { kind: duration, default: 1_000, doc: 'monitor window of a reload without `--monitor`' },
  failure_rate: { kind: kinds.share(0, 1), default: 0.1, doc: 'by how much the share of its requests that fail must exceed that of its peers' },
  requests: { kind: kinds.integer(1, 1_000_000), default: 5, doc: 'with fewer requests of the canary nothing is decided' },
};

/** Health checks, ejection, hang detection, readiness. */
export const HEALTH_OPTIONS = {
  health: withDefault({
    group: 'Health',
    kind: fieldsOrOff({ fields: HEALTH_FIELDS, shorthand: 'path' }),
    flags: ['--health <path>'],
    default: null,
    doc: 'check each worker individually: over HTTP(S), with a plain connect, or with a command',
    check: (health) =>
      health?.command != null && (health.path !== null || health.port !== null)
        ? 'a command, or a path and port, not both'
        : health === null || health.path !== null || (health.host === null && Object.keys(health.headers).length === 0)
          ? undefined
          : 'a path beside host and headers, which belong to an HTTP request',
    notes:
      'A new worker is ready only after its first success. Checks reach a worker of Node.js the same way as its connections do. A [command](health.md#health-of-a-command) is checked from outside: `{ port: 5432 }` by a connect, `"/health"` by a request over HTTP, `{ command: "pg_isready" }` by the exit code of a shell command. See docs/health.md.',
  }),
  ejection: withDefault({
    group: 'Health',
    kind: fieldsOrOff({ fields: EJECTION_FIELDS }),
    flags: ['--no-ejection'],
    default: { take_timeout: 5_000, loop_delay: 1_000, error_rate: 0.5, base: 10_000, max_share: 0.34 },
    defaultText: '`true`',
    doc: 'take workers out of rotation for a while if they do not take connections, are blocked, or answer 5xx far more often than their peers',
    notes: 'The only worker of an app is never ejected.',
  }),
  canary: withDefault({
    group: 'Health',
    kind: fieldsOrOff({ fields: CANARY_FIELDS }),
    flags: ['--no-canary'],
    default: { monitor: 1_000, failure_rate: 0.1, requests: 5 },
    defaultText: '`true`',
    doc: 'fail a reload if its first new worker answers 5xx, hangs or resets requests where the old workers do not',
    notes: 'See [deploys.md](deploys.md#the-canary).',
  }),
  hang_timeout: withDefault({
    group: 'Health',
    kind: kinds.orOff(kinds.durationMs),
    flags: ['--hang-timeout <time>'],
    default: 30_000,
    doc: 'a worker without a heartbeat for this long is hung: its stack is reported, and it is replaced and killed',
    notes: 'At least 3 s; `false` or 0 turns it off. It is also off while a debugger is attached to the worker.',
    check: (ms) => (ms === null || ms >= 3_000 ? undefined : 'a duration of at least 3s, or false'),
  }),
  health_port: withDefault({
    group: 'Health',
    kind: kinds.hostPort,
    flags: ['--health-port <port>'],
    default: null,
    doc: 'port on which the primary serves `/live` and `/ready` for a load balancer in front',
    notes: '`/ready` answers 503 below `ready_min` and while the app is being stopped. A port without a host listens on every address.',
  }),
  ready_min: withDefault({
    group: 'Health',
    kind: kinds.integer(1, MAX_INSTANCES),
    flags: ['--ready-min <n>'],
    default: 1,
    doc: 'minimum number of ready workers for the app to be ready, for `health_port` and `lb health`',
  }),
  prom_client: withDefault({
    group: 'Health',
    kind: kinds.boolean,
    flags: ['--prom-client'],
    default: false,
    doc: "include the `prom-client` metrics of the app's workers",
    notes: 'They are merged across the workers. Each scrape asks every worker and waits at most 1 s for a blocked one. See docs/metrics.md.',
  }),
};
