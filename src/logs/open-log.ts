import { constants } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const MOVED_CHECK_MS = 1000;
const NEWLINE = 0x0a;
/** Non-blocking, because opening a named pipe without a reader would block a thread of the pool. Windows lacks the flag. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** A file opened for appending. */
export class OpenLog {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #inode: number;
  #checkedAt = performance.now();
  /** False for devices such as `/dev/null`, which are not rotated. */
  readonly isRegular: boolean;
  /** Bytes in the file. */
  size: number;
  /** Whether the next byte starts a line. */
  atLineStart = true;

  private constructor(path: string, file: FileHandle, stats: { ino: number; size: number; isFile(): boolean }) {
    this.#path = path;
    this.#file = file;
    this.#inode = stats.ino;
    this.isRegular = stats.isFile();
    this.size = stats.size;
  }

  /** @param before the file that was open at this path until now; if it is the same one, it may end within a line */
  static async open(path: string, before: OpenLog | null): Promise<OpenLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, FLAGS, 0o600);
    try {
      const log = new OpenLog(path, file, await file.stat());
      if (before !== null && before.#inode === log.#inode && log.size > 0) log.atLineStart = before.atLineStart;
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Appends up to `length` bytes and returns how many. */
  async append(bytes: Buffer, length: number): Promise<number> {
    const { bytesWritten } = await this.#file.write(bytes, 0, length, null);
    if (bytesWritten === 0) throw new Error('no byte could be written');
    this.atLineStart = bytes[bytesWritten - 1] === NEWLINE;
    this.size += bytesWritten;
    return bytesWritten;
  }

  /** Whether the file was removed, renamed or rotated by someone else. Checks at most once a second, unless `atOnce`. */
  async wasMoved(atOnce = false): Promise<boolean> {
    const at = performance.now();
    if (!atOnce && at - this.#checkedAt < MOVED_CHECK_MS) return false;
    this.#checkedAt = at;
    const stats = await stat(this.#path).catch(() => null);
    if (stats === null || stats.ino !== this.#inode) return true;
    // Truncated in place by logrotate's copytruncate.
    if (stats.size < this.size) this.size = stats.size;
    return false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
