import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { versionOfProgram } from '../../lifecycle/program-version.ts';
import type { UpgradeBody, UpgradeReport, UpgradeState } from '../../protocol/control.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { programPlaces, programsOf } from '../../system/program-places.ts';
import { copyProgram, copyProgramTo, findProgram, readProgram, type Program } from '../../system/program.ts';
import { writeFor } from '../saved-version.ts';
import { stateOf } from '../store.ts';
import type { Replacements } from './replacements.ts';
import { SETTLE_MS, type Succession } from './succession.ts';
import { sweepPrograms } from './sweep.ts';
import type { UpgradeFile } from './upgrade-file.ts';

interface UpgradeOptions {
  readonly home: string;
  /** The desired state on disk. */
  readonly state: string;
  /** The build of this daemon; null when it runs from its source. */
  readonly own: Program | null;
  /** Why this daemon cannot be upgraded. */
  readonly refusal: string | null;
  readonly file: UpgradeFile;
  readonly succession: Pick<Succession, 'active' | 'begin'>;
  readonly replacements: Pick<Replacements, 'replaceAll' | 'running' | 'outdated' | 'programs'>;
  readonly event: EmitEvent;
  /** Writes everything anew, in the own format. */
  readonly save: () => void;
}

/**
 * The upgrade of a home to another build: first the daemon, then one primary after the other. What begins in one daemon goes on in
 * the next, which finds it in a file. Until all has been replaced and a minute has passed, files are written so that the build
 * before can read them, and its program and its last state are kept, also later: `lb upgrade --back`.
 */
export class Upgrade {
  readonly #options: UpgradeOptions;
  #settling: NodeJS.Timeout | undefined;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  report(): UpgradeReport {
    return { program: this.#options.own?.id ?? null, upgrade: this.#options.file.read() };
  }

  /** Before anything is written in the home. */
  prepare(): void {
    const { own, file, state } = this.#options;
    const upgrade = file.read();
    if (own === null || upgrade === null || upgrade.to !== own.id || upgrade.stage === 'done' || upgrade.stage === 'failed') return;
    writeFor(this.#savedVersionOf(upgrade.from));
    if (upgrade.stage !== 'daemon') return;
    try {
      copyFileSync(state, stateOf(state, upgrade.from));
    } catch (error) {
      this.#step(upgrade, {}, `the state of lb ${versionOfProgram(upgrade.from)} is not kept: ${messageOf(error)}`);
    }
  }

  /** This daemon serves: goes on with what the one before began, or tells how that ended. */
  resume(): void {
    const { own, file } = this.#options;
    const upgrade = file.read();
    if (own === null || upgrade === null || upgrade.stage === 'done') return this.#settle(null);
    if (upgrade.stage === 'failed') {
      if (upgrade.from === own.id && upgrade.steps.at(-1) !== FAILED_TOLD) this.#tellFailure(upgrade);
      return this.#settle(null);
    }
    if (upgrade.to === own.id) return void this.#goOn(upgrade);
    // Neither the new daemon nor the one that watched it lives.
    this.#tellFailure({ ...upgrade, stage: 'failed', problems: [...upgrade.problems, 'the new daemon ended'] });
  }

  /** @param restart replaces the daemon even if nothing is new. @returns whether there is something to do @throws LbError LB_ERR_UPGRADE */
  begin(body: UpgradeBody, restart = false): boolean {
    const { home, own, refusal, succession, file, replacements } = this.#options;
    const refuse = (reason: string): never => {
      throw new LbError('LB_ERR_UPGRADE', { reason });
    };
    if (refusal !== null) return refuse(refusal);
    if (own === null) return refuse('this daemon runs from source code');
    if (succession.active || replacements.running) return refuse('another upgrade is under way; "lb upgrade" without options shows it');
    const target = this.#target(body, own);
    const state: UpgradeState = { from: own.id, to: target.id, stage: 'daemon', steps: [], problems: [] };
    if (target.id === own.id && !restart) {
      const before = file.read();
      const from = before !== null && before.to === own.id ? before.from : own.id;
      if (replacements.outdated().length === 0) return false;
      void this.#goOn({ ...state, from, stage: 'primaries' });
      return true;
    }
    this.#step(state, {}, `replacing the daemon by lb ${target.version}`);
    try {
      const copy = copyProgramTo(programPlaces(home), (below) => copyProgram(target, below));
      succession.begin(copy.directory, body.node ?? process.execPath);
    } catch (error) {
      this.failed(messageOf(error));
    }
    return true;
  }

  /** The daemon could not be replaced; this one stays. */
  failed(reason: string): void {
    const upgrade = this.#options.file.read();
    if (upgrade !== null) this.#tellFailure({ ...upgrade, stage: 'failed', problems: [...upgrade.problems, reason] });
  }

  close(): void {
    clearTimeout(this.#settling);
  }

  /** @throws LbError LB_ERR_UPGRADE */
  #target({ program, back = false }: UpgradeBody, own: Program): Program {
    const refuse = (reason: string): LbError => new LbError('LB_ERR_UPGRADE', { reason });
    if (back) {
      const before = this.#options.file.read();
      const id = before === null || before.to !== own.id ? null : before.from;
      const found = id === null ? null : findProgram(join(programsOf(this.#options.home), id));
      if (found === null) throw refuse(id === null ? 'there was no upgrade to go back from' : `the program of lb ${versionOfProgram(id)} is gone`);
      return found;
    }
    // An installation that was removed has nothing new.
    if (program === undefined) return (own.installation === null ? null : findProgram(own.installation)) ?? own;
    try {
      return readProgram(program);
    } catch (error) {
      throw refuse(`${program} has no program of lb: ${messageOf(error)}`);
    }
  }

  /** The daemon is that of the new build; now the primaries. */
  async #goOn(begun: UpgradeState): Promise<void> {
    const { replacements, own } = this.#options;
    const version = own?.version ?? '';
    let upgrade = begun.stage === 'daemon' ? this.#step(begun, { stage: 'primaries' }, `the daemon is lb ${version} (pid ${process.pid})`) : begun;
    upgrade = { ...upgrade, stage: 'primaries', problems: [] };
    this.#options.file.write(upgrade);
    const problems = await replacements.replaceAll((message) => {
      upgrade = this.#step(upgrade, {}, message);
    });
    const message = problems.length === 0 ? `everything runs lb ${version}` : `not replaced: ${problems.join('; ')}`;
    upgrade = this.#step(upgrade, { stage: 'settling', problems }, message);
    if (problems.length > 0) this.#options.event('upgrade-failed', message);
    this.#settle(upgrade);
  }

  /** A while later, if all is well, the build before is history. */
  #settle(upgrade: UpgradeState | null): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      const { replacements, home, own, file } = this.#options;
      if (upgrade !== null && replacements.outdated().length === 0 && upgrade.problems.length === 0) {
        writeFor(null);
        this.#options.save();
        this.#step(upgrade, { stage: 'done' }, `settled on lb ${own?.version ?? ''}`);
      }
      const last = file.read();
      const used = replacements.programs();
      if (own !== null && used !== null) sweepPrograms(home, new Set([own.id, ...used, ...(last === null ? [] : [last.from, last.to])]));
    }, SETTLE_MS);
    this.#settling.unref();
  }

  #tellFailure(upgrade: UpgradeState): void {
    this.#options.event('upgrade-failed', `the upgrade to lb ${versionOfProgram(upgrade.to)} failed: ${upgrade.problems.join('; ')}`);
    this.#options.file.write({ ...upgrade, steps: [...upgrade.steps, FAILED_TOLD] });
  }

  #step(upgrade: UpgradeState, change: Partial<UpgradeState>, message: string): UpgradeState {
    const next = { ...upgrade, ...change, steps: [...upgrade.steps, message] };
    this.#options.event('upgrade', message);
    this.#options.file.write(next);
    return next;
  }

  #savedVersionOf(program: string): number {
    return findProgram(join(programsOf(this.#options.home), program))?.saved ?? 1;
  }
}

const FAILED_TOLD = 'the version before goes on';
