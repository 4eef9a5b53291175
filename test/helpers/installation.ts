import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from './paths.ts';

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Packages of lb as npm makes them. */
export class Packages {
  readonly #directory = mkdtempSync(join(tmpdir(), 'lb-packages-'));
  /** With every protocol one below today's, as it was: `#stage('0.0.9', -1)`, packed. When a protocol changes, the last release takes its place. */
  readonly older = join(ROOT, 'test/fixtures/packages/older.tgz');
  /** What was built. */
  readonly current: string;
  /** The same source as the next version, with the next number of each protocol and of the saved files. */
  readonly next: string;

  constructor() {
    this.current = this.#pack(ROOT);
    this.next = this.#pack(this.#stage('99.0.0', 1));
  }

  #stage(version: string, step: number): string {
    const staged = join(this.#directory, version);
    mkdirSync(staged);
    run(process.execPath, ['.build.mjs', `--out=${join(staged, 'dist')}`, `--version=${version}`, `--protocol=${step}`], ROOT);
    cpSync(join(ROOT, 'bin'), join(staged, 'bin'), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
    writeFileSync(join(staged, 'package.json'), JSON.stringify({ ...manifest, version, files: ['bin', 'dist'] }));
    return staged;
  }

  #pack(directory: string): string {
    const name =
      run('npm', ['pack', '--ignore-scripts', '--silent', `--pack-destination=${this.#directory}`], directory)
        .trim()
        .split('\n')
        .at(-1) ?? '';
    return join(this.#directory, name);
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Packages for a test file. */
export function createPackages(): Packages {
  const packages = new Packages();
  afterAll(() => packages.dispose());
  return packages;
}

/** Where `npm install -g` puts the package. */
export class Installation {
  readonly #directory: string;

  constructor(prefix: string) {
    this.#directory = join(prefix, 'lib/node_modules/lb-supervisor');
  }

  get program(): string {
    return join(this.#directory, 'bin/lb.js');
  }

  get dist(): string {
    return join(this.#directory, 'dist');
  }

  /** Over what is there. Its dependencies are those of the checkout. */
  install(tarball: string): void {
    this.remove();
    mkdirSync(this.#directory, { recursive: true });
    run('tar', ['-xzf', tarball, '--strip-components=1', '-C', this.#directory], this.#directory);
    symlinkSync(join(ROOT, 'node_modules'), join(this.#directory, 'node_modules'));
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Makes it another build, in which the program of the daemon is this text. */
  breakDaemon(text: (whole: string) => string, id: string): void {
    const path = join(this.dist, 'daemon/program.cjs');
    writeFileSync(`${path}.new`, text(readFileSync(path, 'utf8')));
    renameSync(`${path}.new`, path);
    const manifest = JSON.parse(readFileSync(join(this.dist, 'program.json'), 'utf8')) as object;
    writeFileSync(join(this.dist, 'program.json'), JSON.stringify({ ...manifest, id }));
  }
}
