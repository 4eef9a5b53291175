import type { AppSpec, HostPort } from './app-spec.ts';

/** A port that a definition says will be used. */
export interface PortClaim {
  readonly port: number;
  /** Null for every address. */
  readonly host: string | null;
  /** The app; null for the daemon. */
  readonly app: string | null;
  /** The option, or the variable. */
  readonly by: string;
  /** Whether it is certain that something listens there: an app may ignore its `PORT`, and another is perhaps never started. */
  readonly isCertain: boolean;
}

/** A port that several apps, or two options of one app, claim. */
export interface PortConflict {
  readonly port: number;
  readonly claims: readonly PortClaim[];
}

type Claiming = Pick<AppSpec, 'name' | 'port' | 'env' | 'declared' | 'incrementVar' | 'instances' | 'socket' | 'healthPort' | 'autostart'>;

const PORT = 'PORT';

/** The ports on which an app will listen, as far as its definition says so. */
export function portClaims(spec: Claiming): readonly PortClaim[] {
  const { name: app, autostart, socket, healthPort } = spec;
  const own = (by: string, at: HostPort | null): readonly PortClaim[] => (at === null || at.port === 0 ? [] : [{ ...at, app, by, isCertain: autostart }]);
  return [...appPorts(spec), ...own('socket', socket), ...own('health_port', healthPort)];
}

/** Workers share a port, unless `increment_var` gives each its own. */
function appPorts({ name: app, port, env, declared, incrementVar, instances, autostart }: Claiming): readonly PortClaim[] {
  const isDeclared = port !== null || declared?.env.includes(PORT) === true;
  const first = port ?? Number(env[PORT]);
  if (!isDeclared || !Number.isInteger(first) || first <= 0) return [];
  const by = port === null ? PORT : 'port';
  const count = incrementVar === PORT ? instances : 1;
  return Array.from({ length: count }, (_, slot) => ({ port: first + slot, host: null, app, by, isCertain: by === 'port' && autostart }));
}

/** Every port on which two of these cannot listen at the same time, in ascending order. */
export function portConflicts(claims: readonly PortClaim[]): readonly PortConflict[] {
  const ports = [...new Set(claims.map(({ port }) => port))].sort((a, b) => a - b);
  return ports
    .map((port) => ({ port, claims: claims.filter((one) => one.port === port && claims.some((other) => collide(one, other))) }))
    .filter((conflict) => conflict.claims.length > 0);
}

const collide = (a: PortClaim, b: PortClaim): boolean => a !== b && a.port === b.port && (a.host === null || b.host === null || a.host === b.host);
