/** Where the home of a user may be. `given` by LB_HOME, the user's `own`, or one for a process without a writable home directory. */
export interface HomePlace {
  readonly path: string;
  readonly kind: 'given' | 'own' | 'spare';
}

/** What is found at a place. */
export type HomeLook =
  /** A directory of ours that nobody else can write to. */
  | { readonly state: 'ours'; readonly writable: boolean /** It has the state or the socket of a daemon. */; readonly inhabited: boolean }
  /** It can be made. */
  | { readonly state: 'absent' }
  | { readonly state: 'unusable'; readonly reason: string }
  /** Others could put something into it, or in its place. */
  | { readonly state: 'unsafe'; readonly reason: string /** What repairs it, for a shell. */; readonly repair: string; readonly isThere: boolean };

/** Directories for a user whose home directory cannot be written, by preference. */
export const sparePlaces = (uid: number): readonly string[] => [`/run/user/${uid}/lb`, `/dev/shm/lb-${uid}`, `/tmp/lb-${uid}`];

/** The places for one user, in the order in which they are tried. With `LB_HOME` there is only that one. */
export function homePlaces({ given, own, uid }: { readonly given: string | null; readonly own: string | null; readonly uid: number }): HomePlace[] {
  if (given !== null) return [{ path: given, kind: 'given' }];
  return [...(own === null ? [] : [{ path: own, kind: 'own' } as const]), ...sparePlaces(uid).map((path) => ({ path, kind: 'spare' }) as const)];
}

export type ChosenHome =
  /** `passedOver`: why not one of the places before it. */
  | { readonly path: string; readonly isNew: boolean; readonly isInhabited: boolean; readonly passedOver: readonly string[] }
  | { readonly path: string; readonly refused: string; readonly repair: string | null };

/**
 * The first place where a daemon has been; else the first that can be used. A home that is there and not safe is passed over only at
 * a spare place, where others may put something: a user's own home is never given up silently.
 */
export function chooseHome(places: readonly HomePlace[], look: (path: string) => HomeLook): ChosenHome {
  const passedOver: string[] = [];
  let usable: ChosenHome | null = null;
  for (const { path, kind } of places) {
    const found = look(path);
    const isUsable = canBeUsed(found, kind);
    if (isUsable && found.state === 'ours' && found.inhabited) return { path, isNew: false, isInhabited: true, passedOver };
    if (isUsable) usable ??= { path, isNew: found.state === 'absent', isInhabited: false, passedOver: [...passedOver] };
    else if (mustBeRefused(found, kind)) return refusal(path, found);
    else passedOver.push(`${path}: ${reasonOf(found)}`);
  }
  return usable ?? { path: places[0]?.path ?? '', refused: passedOver.join('; '), repair: null };
}

/** The given one is used unless it is not safe; whoever wants to make or write it finds out that it cannot be. */
const canBeUsed = (found: HomeLook, kind: HomePlace['kind']): boolean =>
  found.state !== 'unsafe' && (kind === 'given' || found.state === 'absent' || (found.state === 'ours' && found.writable));
const mustBeRefused = (found: HomeLook, kind: HomePlace['kind']): boolean =>
  found.state === 'unsafe' && (kind === 'given' || (kind === 'own' && found.isThere));
const reasonOf = (found: HomeLook): string => ('reason' in found ? found.reason : 'it is read-only');

const refusal = (path: string, found: HomeLook): ChosenHome => ({ path, refused: reasonOf(found), repair: 'repair' in found ? found.repair : null });
