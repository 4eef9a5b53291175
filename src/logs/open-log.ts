import { constants } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const MOVED_CHECK_MS = 1000;
const NEWLINE = 0x0a;
/** A named pipe that nobody reads must not hold a thread of the pool in `open`. Unknown on Windows. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** A file that is open for appending, and what is known of it. */
export class OpenLog {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #inode: number;
  #checkedAt = performance.now();
  /** False for `/dev/null` and the like, which cannot be rotated. */
  readonly isRegular: boolean;
  /** Bytes in the file. */
  size: number;
  /** Whether the next byte begins a line. */
  atLineStart = true;

  private constructor(path: string, file: FileHandle, stats: { ino: number; size: number; isFile(): boolean }) {
    this.#path = path;
    this.#file = file;
    this.#inode = stats.ino;
    this.isRegular = stats.isFile();
    this.size = stats.size;
  }

  /** @param before what was open at this path until now; if it is the same file, it may end within a line. */
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

  /** Appends the first `length` bytes or fewer, and tells how many. */
  async append(bytes: Buffer, length: number): Promise<number> {
    const { bytesWritten } = await this.#file.write(bytes, 0, length, null);
    if (bytesWritten === 0) throw new Error('no byte could be written');
    this.atLineStart = bytes[bytesWritten - 1] === NEWLINE;
    this.size += bytesWritten;
    return bytesWritten;
  }

  /** Whether the path leads elsewhere by now: somebody has removed, renamed or rotated the file. Looks once a second. */
  async wasMoved(atOnce = false): Promise<boolean> {
    const at = performance.now();
    if (!atOnce && at - this.#checkedAt < MOVED_CHECK_MS) return false;
    this.#checkedAt = at;
    const stats = await stat(this.#path).catch(() => null);
    if (stats === null || stats.ino !== this.#inode) return true;
    // It was truncated in place: logrotate's copytruncate.
    if (stats.size < this.size) this.size = stats.size;
    return false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
