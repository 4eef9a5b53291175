import { createServer } from 'node:http';
import { openStore } from './store.js';

// Top-level await: the worker listens, and so becomes ready, only once its database is open.
const store = await openStore(process.env.STORE_FILE ?? 'orders.jsonl');

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  store.insert({ at: Date.now(), order: body });
  response.writeHead(201).end('stored\n');
}).listen(Number(process.env.PORT ?? 3000));

// lb sends SIGTERM only after the requests in progress have finished, so there is nothing left to insert: just close.
process.once('SIGTERM', async () => {
  server.close();
  await store.close();
  console.log('store closed');
});
