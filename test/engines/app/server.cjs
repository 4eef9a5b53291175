const { createServer } = require('node:http');

const eaten = [];

const PIECE = 32 * 1024 * 1024;
/** More than the machine has, less than could hurt the one around it. */
const MOST_PIECES = 64;

/** `/eat` takes memory outside of V8's heap until the kernel has none left. */
function eat() {
  if (eaten.length === MOST_PIECES) return;
  eaten.push(Buffer.alloc(PIECE, 1));
  setImmediate(eat);
}

createServer((request, response) => {
  if (request.url === '/eat') return eat();
  setTimeout(() => response.end('hello\n'), 5);
}).listen(Number(process.env.PORT), () => console.log(`${process.env.NAME} listens`));
