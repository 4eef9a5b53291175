import type { EmitEvent } from '../../protocol/event.ts';
import type { KeptProgram } from '../../system/kept-program.ts';
import type { HomePaths } from '../../system/paths.ts';
import type { Successors } from '../daemon-options.ts';
import type { Registry } from '../registry.ts';
import type { FileReports } from '../unwritten.ts';
import { Replacements } from './replacements.ts';
import { Succession } from './succession.ts';
import { UpgradeFile } from './upgrade-file.ts';
import { Upgrade } from './upgrade.ts';

interface UpgradeParts {
  readonly paths: HomePaths;
  readonly program: KeptProgram;
  /** `lb run`. */
  readonly foreground: boolean;
  readonly registry: () => Registry;
  readonly event: EmitEvent;
  readonly log: (message: string) => void;
  readonly manager: Successors;
  readonly reports: FileReports;
}

/** Wires what upgrades the daemon of a home. */
export function createUpgrade({ paths, program, foreground, registry, event, log, manager, reports }: UpgradeParts): {
  readonly upgrade: Upgrade;
  readonly succession: Succession;
} {
  const file = new UpgradeFile(paths.upgrade, reports);
  const succession: Succession = new Succession({
    home: paths.home,
    socket: paths.socket,
    daemonLog: paths.daemonLog,
    file,
    log,
    manager,
    fallback: () => program.path('daemon'),
    failed: (reason) => upgrade.failed(reason),
  });
  const upgrade: Upgrade = new Upgrade({
    home: paths.home,
    state: paths.state,
    own: program.current,
    refusal: foreground ? 'the apps of "lb run" are upgraded with its container' : null,
    file,
    succession,
    replacements: new Replacements({ registry, own: program.id }),
    event,
    save: () => void registry().save(),
  });
  return { upgrade, succession };
}
