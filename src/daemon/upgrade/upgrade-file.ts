import type { UpgradeState } from '../../protocol/control.ts';
import { upgradeState } from '../../protocol/parse-requests.ts';
import { writeFileNow } from '../../system/atomic-file.ts';
import { readSaved, savedText } from '../saved-file.ts';
import type { FileReports } from '../unwritten.ts';

/** The last upgrade of a home, in a file: what one daemon begins another one ends, and both builds read it. */
export class UpgradeFile {
  readonly #path: string;
  readonly #reports: FileReports;

  constructor(path: string, reports: FileReports) {
    this.#path = path;
    this.#reports = reports;
  }

  read(): UpgradeState | null {
    return readSaved({ path: this.#path, parser: upgradeState, reports: this.#reports, without: 'it is not known whether an upgrade is under way' });
  }

  write(state: UpgradeState): void {
    try {
      writeFileNow(this.#path, savedText(state, 1));
      this.#reports.wrote(this.#path);
    } catch (error) {
      this.#reports.failed(this.#path, error, 'the next daemon does not know of an upgrade', null);
    }
  }
}
