import type { AppSpec, Declared } from './app-spec.ts';

type Inheriting = Pick<AppSpec, 'env' | 'umask' | 'declared' | 'filterEnv'>;

/** It follows the working directory. */
const OF_DIRECTORY = 'PWD';

/**
 * A new definition for an app that runs, with what the app inherited when it was started instead of what it would inherit now. Only
 * variables that the last definition declared and this one does not come from the present shell.
 */
export function keepInherited<D extends Inheriting>(running: Inheriting, wanted: D): D {
  if (running.declared === null || wanted.declared === null) return wanted;
  const umask = wanted.declared.umask || running.declared.umask ? wanted.umask : running.umask;
  return { ...wanted, umask, env: keptEnv({ ...running, declared: running.declared }, { ...wanted, declared: wanted.declared }) };
}

type Declaring = Pick<AppSpec, 'env' | 'filterEnv'> & { readonly declared: Declared };

function keptEnv(running: Declaring, wanted: Declaring): AppSpec['env'] {
  const declared = new Set([...wanted.declared.env, OF_DIRECTORY]);
  const before = new Set(running.declared.env);
  const isInherited = (name: string): boolean => !declared.has(name) && !before.has(name);
  const kept = Object.entries(running.env).filter(([name]) => isInherited(name) && !wanted.filterEnv.some((word) => name.includes(word)));
  return Object.fromEntries([...kept, ...Object.entries(wanted.env).filter(([name]) => !isInherited(name))]);
}
