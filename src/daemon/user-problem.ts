import { describeUser } from '../lifecycle/app-user.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { changeableBy } from '../system/changeable-by.ts';

/** Why an app cannot run as the user that it asks for; null if nothing is known to be in the way. */
export function userProblem({ user, interpreter }: Pick<AppSpec, 'user' | 'interpreter'>): string | null {
  if (user === null) return null;
  const own = process.getuid?.();
  if (own !== 0)
    return `it asks to run as ${describeUser(user)}, and only the daemon of root may start apps of other users; this is one of user ${own ?? 'unknown'}`;
  const other = interpreter === null ? null : changeableBy(interpreter);
  if (other === null) return null;
  return `root starts its interpreter before it becomes ${describeUser(user)}, and others than root can change that: ${other}`;
}
