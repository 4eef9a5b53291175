/** A name in the table of exit codes. */
export type ExitName = 'ok' | 'failed' | 'usage' | 'notFound' | 'daemon' | 'aborted' | 'interrupted';

export interface ErrorEntry {
  /** `{name}` placeholders are filled from the error's details. */
  readonly message: string;
  /** What the user can do about it; same placeholders. */
  readonly hint?: string;
  readonly exit: ExitName;
  /** Status for the control API. */
  readonly http: number;
}
