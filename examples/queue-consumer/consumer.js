import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

// A queue that is a directory: every file in jobs/ is a job. Renaming it is the claim, which exactly one worker wins.
const queue = process.env.QUEUE_DIR ?? 'queue';
const jobs = join(queue, 'jobs');
const claimed = join(queue, 'claimed');
let leaving = false;

await mkdir(jobs, { recursive: true });
await mkdir(claimed, { recursive: true });

async function claim() {
  for (const name of (await readdir(jobs)).sort()) {
    const mine = join(claimed, name);
    const won = await rename(join(jobs, name), mine).then(
      () => true,
      () => false,
    );
    if (won) return mine;
  }
  return null;
}

// lb sends SIGTERM when this worker should exit: finish the job and take no other.
process.once('SIGTERM', () => (leaving = true));

while (!leaving) {
  const job = await claim();
  if (job === null) {
    await delay(100);
    continue;
  }
  const work = await readFile(job, 'utf8');
  await delay(50);
  console.log(`done: ${work}`);
  await rm(job);
}
console.log('left after the last job');
