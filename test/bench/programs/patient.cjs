// The app as behind a load balancer: it keeps idle connections longer than the 60 s for which those usually do.
require('./app.cjs').keepAliveTimeout = 72_000;
