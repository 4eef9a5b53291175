/** The version in the id of a build: `0.2.0` of `0.2.0-3f9a61c2b7d4`. */
export const versionOfProgram = (id: string): string => id.replace(/-[0-9a-f]{12}$/, '');

interface RunningProgram {
  readonly name: string;
  readonly program?: string;
}

const UPGRADE = '"lb upgrade" replaces it, and nothing that it serves is dropped';

/**
 * What runs another build than the one that is asked, for people. Older daemons and primaries do not say what they run.
 * @param own of the command; null if it does not know.
 */
export function describePrograms(own: string | null, daemon: string | undefined, apps: readonly RunningProgram[]): string[] {
  const notes: string[] = [];
  if (own !== null && daemon !== undefined && own !== daemon)
    notes.push(`the daemon runs ${namedProgram(daemon, own)}, this is ${namedProgram(own, daemon)}: ${UPGRADE}`);
  for (const [program, names] of othersByProgram(daemon, apps)) {
    notes.push(`${names.join(', ')}: still on ${namedProgram(program, daemon ?? '')}; "lb upgrade" tries again`);
  }
  return notes;
}

function othersByProgram(daemon: string | undefined, apps: readonly RunningProgram[]): ReadonlyMap<string, string[]> {
  const others = new Map<string, string[]>();
  for (const { name, program } of apps) {
    if (daemon === undefined || program === undefined || program === daemon) continue;
    others.set(program, [...(others.get(program) ?? []), name]);
  }
  return others;
}

/** The name of a build beside another one: two builds of one version are told apart by their hashes. */
export function namedProgram(program: string, other: string): string {
  const version = versionOfProgram(program);
  return `lb ${version === versionOfProgram(other) ? program : version}`;
}
