import { open } from 'node:fs/promises';

const FLUSH_EVERY_MS = 1000;

/** A small database: one JSON record per line, written in batches, so that it has something to lose when it is not closed. */
export async function openStore(file) {
  const handle = await open(file, 'a');
  let pending = [];
  let writing = Promise.resolve();

  const flush = () => {
    const batch = pending;
    pending = [];
    if (batch.length > 0) writing = writing.then(() => handle.appendFile(batch.join('')));
    return writing;
  };
  const timer = setInterval(flush, FLUSH_EVERY_MS);

  return {
    insert: (record) => void pending.push(`${JSON.stringify(record)}\n`),
    async close() {
      clearInterval(timer);
      await flush();
      await handle.sync();
      await handle.close();
    },
  };
}
