import type { Footprint } from '../lifecycle/replacement.ts';
import type { Order, ToPrimary } from './attach.ts';
import { appName, lenientAppSpec } from './parse-app-spec.ts';
import { NAMED_SOCKET, SOCKET_ID } from './parse-handles.ts';
import { BALANCE, PROFILE, RELOAD, RESTART, SCALE, SIGNAL, STOP, WEIGHT } from './parse-requests.ts';
import { FOOTPRINT } from './parse-snapshot.ts';
import { boolean, integer, object, optional, variants } from './parser.ts';

const spec = optional(lenientAppSpec);

const order = variants<Order, 'kind'>('kind', {
  start: {
    spec: lenientAppSpec,
    strict: boolean,
    beside: optional(boolean),
    generation: integer(0),
    footprint: optional(object<Footprint>(FOOTPRINT)),
    resting: optional(boolean),
  },
  reload: { ...RELOAD, spec },
  restart: { ...RESTART, spec },
  scale: SCALE,
  stop: STOP,
  balance: BALANCE,
  weight: WEIGHT,
  signal: SIGNAL,
  profile: PROFILE,
  abort: {},
  snapshot: {},
  list: {},
  'app-metrics': {},
  tail: { lines: integer(0) },
  'follow-logs': { on: boolean },
  'reopen-logs': {},
  reset: {},
});

/** What a daemon sends a primary. @throws Malformed */
export const parseToPrimary = variants<ToPrimary, 'type'>('type', {
  order: { id: integer(1), app: appName, order },
  challenge: {},
  welcome: {},
  keep: NAMED_SOCKET,
  dropped: SOCKET_ID,
  unbound: { ...SOCKET_ID, errno: integer() },
  leave: {},
  ping: { seq: integer() },
  pong: {},
});
