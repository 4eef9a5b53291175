export default {
  apps: [
    {
      name: 'shop',
      script: 'next',
      args: 'start',
      instances: 'max',
      env: { NODE_ENV: 'production', PORT: '3000' },
    },
  ],
};
