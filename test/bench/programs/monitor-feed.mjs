// Reads from a daemon what `lb monit` reads, in the same way, until it is ended; prints a line with each second's figures. Arguments: the
// compiled program's URL, the daemon's home.
const [dist, home] = process.argv.slice(2);
const { Feed } = await import(`${dist}monitor/feed.js`);
const { homePaths } = await import(`${dist}system/paths.js`);
const { socket, daemonLog } = homePaths(home);
const feed = new Feed({ home, socket, daemonLog }, (message) => {
  if (message.type === 'stats') process.stdout.write(`${message.apps.length}\n`);
});
await feed.start();
