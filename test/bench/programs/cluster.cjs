// Bare node:cluster: the same app with n workers, round robin, a worker that exits is replaced at once.
const cluster = require('node:cluster');

cluster.schedulingPolicy = cluster.SCHED_RR;
cluster.setupPrimary({ exec: process.env.APP, silent: true });

function fork() {
  const worker = cluster.fork();
  worker.process.stdout.resume();
  worker.process.stderr.resume();
}

cluster.on('exit', fork);
for (let i = 0; i < Number(process.env.WORKERS); i++) fork();
