/** Version of the files in a home. Increased when an older daemon would misread one. */
export const SAVED_VERSION = 2;

/** The first version that knows the `user` of an app: a daemon before it would run the app as its own user, such as root. */
export const KNOWS_USERS = 2;

let written = SAVED_VERSION;

/** The version in which files are written: for a while after an upgrade still the one before, so that the old version can come back. */
export const writtenVersion = (): number => written;

/** @param other what another version reads; null to write the own one */
export function writeFor(other: number | null): void {
  written = other === null ? SAVED_VERSION : Math.min(SAVED_VERSION, other);
}
