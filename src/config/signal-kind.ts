import { constants } from 'node:os';
import { describe } from './describe.ts';
import type { Kind } from './kind.ts';

/** The name of a signal, with or without `SIG`. */
export const signal: Kind<NodeJS.Signals> = {
  label: 'signal, such as `"SIGINT"`',
  tsType: 'string',
  schema: { type: 'string', pattern: '^(SIG)?[A-Za-z][A-Za-z0-9]+$' },
  parse(raw) {
    const name = typeof raw === 'string' ? `SIG${raw.trim().toUpperCase().replace(/^SIG/, '')}` : '';
    if (isSignal(name) && name !== 'SIGKILL' && name !== 'SIGSTOP') return { value: name };
    return { mismatch: { expected: 'the name of a signal that a program can handle, such as SIGINT', got: describe(raw), at: '' } };
  },
};

const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name);
