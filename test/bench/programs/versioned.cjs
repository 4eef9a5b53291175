// The app of the benchmark. Once its new version is deployed, a worker that starts answers 500 to everything.
const { existsSync } = require('node:fs');
const server = require('./app.cjs');

if (existsSync(`${process.env.BOOT_LOG}.deployed`)) {
  server.prependListener('request', (_request, response) => (response.statusCode = 500));
}
