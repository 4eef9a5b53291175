// The app of the benchmark. Once its new version is deployed, a worker that starts answers 500 to everything, or throws at once.
const { existsSync, readFileSync } = require('node:fs');

const deployed = `${process.env.BOOT_LOG}.deployed`;
const version = existsSync(deployed) ? readFileSync(deployed, 'utf8') : null;
if (version === 'throws') throw new Error('a bad version');
const server = require('./app.cjs');
if (version !== null) server.prependListener('request', (_request, response) => (response.statusCode = 500));
