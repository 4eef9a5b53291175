/** What a log is written to while it is open. */
export interface LogTarget {
  /** Where the bytes end up; differs from the log's path behind a link. */
  readonly path: string;
  /** A slow one makes the app wait, and it is rotated. Anything else must not delay the app: what it does not take is lost. */
  readonly isRegular: boolean;
  /** Bytes in it. */
  readonly size: number;
  /** Whether the next byte starts a line there. */
  readonly atLineStart: boolean;
  /** Bytes that it took and can no longer deliver. */
  readonly lostBytes: number;
  /** Appends the blocks, and returns how many bytes of them it took; 0 if it takes none at present. */
  append(blocks: readonly Buffer[]): Promise<number>;
  /** Learns what others did to it. False if it was removed, renamed or rotated. */
  isInPlace(): Promise<boolean>;
  close(): Promise<void>;
}
