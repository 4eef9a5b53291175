import type { Exported, ExportRequest } from './export-request.ts';
import { engineName } from './names.ts';
import { systemdUnit } from './systemd.ts';

/** The unit of `lb startup --app`, for a user of this machine. */
export function service({ apps, file, directory, envName, only, machine }: ExportRequest): Exported {
  const [first, ...others] = apps;
  const name = `lb-run-${engineName(first !== undefined && others.length === 0 ? first.name : (directory.split('/').at(-1) ?? 'apps'))}`;
  const job = { kind: 'apps', file: `${directory}/${file}`, directory, only, profile: envName } as const;
  return { text: systemdUnit({ name, ...machine, job, harden: false }), notes: [`"lb startup --app ${file} --yes" installs it, and starts it`] };
}
