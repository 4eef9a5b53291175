import Fastify from 'fastify';

const app = Fastify({ logger: true });

app.get('/', async () => ({ hello: 'from Fastify' }));
app.addHook('onClose', async () => console.log('plugins closed'));

// lb drains the requests first and then sends SIGTERM; this closes what the plugins have open.
process.once('SIGTERM', () => app.close());

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' });
