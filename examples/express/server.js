import express from 'express';

const app = express();
const port = Number(process.env.PORT ?? 3000);

app.use(express.json());
app.get('/', (request, response) => response.send('hello from Express\n'));
app.post('/echo', (request, response) => response.json(request.body));
// Express passes errors of async handlers to its own error handler, so the worker survives.
app.get('/fails', async () => {
  throw new Error('this request failed, the worker did not');
});

app.listen(port, () => console.log(`listening on ${port}`));
