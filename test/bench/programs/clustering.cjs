// The app, which clusters by itself: two workers, and a new one for each that exits.
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  require('./app.cjs');
}
