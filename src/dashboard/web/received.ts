import type { HistoriesAnswer } from '../../protocol/history.ts';

type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** The server of this page has the same version and parses what it relays, so the kind of a message tells its type. */
export const isMessage = <M extends { readonly type: string }>(value: unknown, kinds: readonly M['type'][]): value is M =>
  isObject(value) && kinds.some((kind) => kind === value['type']);

export const isHistories = (value: unknown): value is HistoriesAnswer => isObject(value) && Array.isArray(value['series']);
