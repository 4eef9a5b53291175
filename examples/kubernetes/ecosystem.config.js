export default {
  apps: [
    {
      name: 'web',
      script: './server.js',
      // One worker per CPU of the container's limit.
      instances: 'max',
      health_port: 9000,
      // Time for every node and load balancer to notice that this pod is going away; no preStop hook is needed.
      drain_delay: '10s',
      kill_timeout: '30s',
    },
  ],
};
