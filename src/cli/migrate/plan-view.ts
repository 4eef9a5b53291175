import { plural } from '../../lifecycle/wording.ts';
import type { Move, Plan } from './plan.ts';
import type { Pm2Daemon } from './pm2-daemon.ts';

/** The plan as text, one line per string. @param service that starts PM2 at boot */
export function planView({ moves, stays }: Plan, { version, pid, home }: Pick<Pm2Daemon, 'version' | 'pid' | 'home'>, service: string | null): string[] {
  const width = Math.max(0, ...[...moves, ...stays].map(({ app }) => app.name.length));
  const line = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  return [
    `PM2 ${version} (pid ${pid}, ${home}) has ${plural(moves.length + stays.length, 'app')}`,
    ...moves.flatMap((move) => [line(move.app.name, howItMoves(move)), ...move.differences.map((difference) => line('', difference))]),
    ...stays.map(({ app, because }) => line(app.name, `stays with PM2: ${because}`)),
    ...(service === null ? [] : [`when PM2 has no app left, the service ${service}, which starts it at boot, is replaced by one of lb`]),
  ];
}

function howItMoves({ app, way, because }: Move): string {
  const what = `${app.kind}, ${plural(app.processes.length, 'worker')}`;
  switch (way) {
    case 'hand-over':
      return `moves without losing a request (${what})`;
    case 'gap':
      return `moves with a gap, stopped by PM2 and then started: ${because} (${what})`;
    case 'define':
      return `does not run; becomes a stopped app (${what})`;
  }
}

/** For programs. */
export function planRecord({ moves, stays }: Plan): object {
  return {
    moves: moves.map(({ app, way, because, differences, spec }) => ({
      name: app.name,
      ids: app.processes.map(({ id }) => id),
      way,
      because,
      differences,
      script: spec.script,
    })),
    stays: stays.map(({ app, because }) => ({ name: app.name, because })),
  };
}
