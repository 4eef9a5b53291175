import type { OutputOrigin } from '../../protocol/attach.ts';

/** Keeps duplicates of the pipes to which workers print outside their primary, so that what they print outlives the primary. */
export interface OutputKeeper {
  keepOutput(origin: OutputOrigin, handle: object): void;
  dropOutput(origin: OutputOrigin): void;
}
