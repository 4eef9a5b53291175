// The app of the measures, of which every twentieth answer keeps the event loop busy for 5 ms.
const server = require('./app.cjs');

let requests = 0;
server.prependListener('request', () => {
  if (++requests % 20 > 0) return;
  const until = performance.now() + 5;
  while (performance.now() < until);
});
