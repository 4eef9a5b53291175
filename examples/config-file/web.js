import { createServer } from 'node:http';

createServer(async (request, response) => {
  try {
    const orders = await (await fetch(process.env.API_URL)).json();
    response.end(`${orders.length} order(s)\n`);
  } catch (error) {
    response.writeHead(502).end(`the API does not answer: ${error.message}\n`);
  }
}).listen(process.env.PORT);
