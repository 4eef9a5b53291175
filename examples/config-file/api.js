import { createServer } from 'node:http';

const level = process.env.LOG_LEVEL ?? 'info';
const orders = [{ id: 1, what: 'tea' }];

createServer((request, response) => {
  if (level === 'info') console.log(request.method, request.url);
  response.setHeader('content-type', 'application/json').end(JSON.stringify(orders));
}).listen(process.env.PORT);
