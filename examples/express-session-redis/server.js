import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';

const redis = createClient({ socket: { path: process.env.REDIS_SOCKET ?? 'redis.sock' } });
redis.on('error', (error) => console.error(`redis: ${error.message}`));
// The worker listens, and so becomes ready, only once Redis answers.
await redis.connect();

const app = express();
app.use(
  session({
    store: new RedisStore({ client: redis }),
    // The same for all workers, and for their successors.
    secret: process.env.SESSION_SECRET ?? 'only for trying it out',
    resave: false,
    saveUninitialized: false,
  }),
);

app.get('/', (request, response) => response.json({ user: request.session.user ?? null, pid: process.pid }));

app.post('/login/:user', (request, response, next) => {
  // A new session id at login prevents session fixation.
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = request.params.user;
    response.json({ user: request.session.user, pid: process.pid });
  });
});

app.post('/logout', (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.status(204).end()));
});

app.listen(Number(process.env.PORT ?? 3000));
