import { createServer } from 'node:http';

const port = Number(process.env.PORT ?? 3000);

createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(`hello from process ${process.pid}\n`);
}).listen(port, () => console.log(`listening on ${port}`));
