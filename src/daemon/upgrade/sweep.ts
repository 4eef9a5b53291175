import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { programsOf } from '../../system/program-places.ts';
import { openProgramsOf } from '../../system/user-folder.ts';

/** Removes the copies of programs that nothing runs or may come back to. */
export function sweepPrograms(home: string, used: ReadonlySet<string>): void {
  const directory = programsOf(home);
  try {
    for (const below of [directory, openProgramsOf(home)].filter((each) => existsSync(each))) {
      for (const name of readdirSync(below)) if (!used.has(name)) rmSync(join(below, name), { recursive: true, force: true });
    }
    for (const name of readdirSync(home)) {
      const program = /^state\.(.+)\.json$/.exec(name)?.[1];
      if (program !== undefined && !used.has(program)) rmSync(join(home, name), { force: true });
    }
  } catch {
    // What cannot be removed costs a megabyte.
  }
}
