import type { AppUser } from '../lifecycle/app-user.ts';

/** Node's types lack the first. */
type UserCalls = Pick<NodeJS.Process, 'setgroups' | 'setgid' | 'setuid' | 'getuid' | 'geteuid' | 'getgid' | 'getegid'> & {
  readonly initgroups?: (user: string, group: number) => void;
};

/**
 * Makes this process, which root has started, one of this user, with the groups that the system says the user has. There is no way back.
 * @throws Error if the system refuses
 */
export function becomeUser({ uid, gid, name }: AppUser): void {
  const { initgroups, setgroups, setgid, setuid, getuid, geteuid, getgid, getegid }: UserCalls = process;
  if (initgroups === undefined || setgroups === undefined || setgid === undefined || setuid === undefined) throw new Error('this system has no users');
  if (name === null) setgroups([gid]);
  else initgroups(name, gid);
  setgid(gid);
  setuid(uid);
  if ([getuid?.(), geteuid?.()].some((own) => own !== uid) || [getgid?.(), getegid?.()].some((own) => own !== gid))
    throw new Error('it has other rights than it asked for');
}
