import { describePrograms } from '../lifecycle/program-version.ts';
import type { ListedApp } from '../protocol/listed-app.ts';
import { fieldsOf } from '../protocol/parser.ts';
import { ownProgramId } from './version.ts';

export type Programs = Pick<ListedApp, 'name' | 'program'>;

/** Which parts of a list run another version of lb, and how to change that. */
export function programNotes(answer: unknown, apps: readonly Programs[]): string[] {
  const { program } = fieldsOf(answer);
  return describePrograms(ownProgramId(), typeof program === 'string' ? program : undefined, apps);
}
