/** Another user than that of the daemon, as whom an app runs: its primary and its workers. */
export interface AppUser {
  readonly uid: number;
  readonly gid: number;
  /** Null for a number without an entry in the user database: it has no groups but `gid`. */
  readonly name: string | null;
  /** Home directory; null with `name`. */
  readonly home: string | null;
}

/** For people: `www-data (33:33)`. */
export const describeUser = ({ uid, gid, name }: AppUser): string => (name === null ? `${uid}:${gid}` : `${name} (${uid}:${gid})`);

export const isSameUser = (a: AppUser | null, b: AppUser | null): boolean => a?.uid === b?.uid && a?.gid === b?.gid;

/** The variables that say who a process runs as. */
export const USER_VARIABLES = ['HOME', 'USER', 'LOGNAME'] as const;

/** As a login would set them; null for one that a process of this user does not have. */
export function variablesOfUser({ name, home }: AppUser): Readonly<Record<(typeof USER_VARIABLES)[number], string | null>> {
  return { HOME: home ?? '/', USER: name, LOGNAME: name };
}
