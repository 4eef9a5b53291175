import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isOfCiJob } from '../../src/config/ci-variables.ts';
import { inheritedEnv } from '../../src/config/worker-env.ts';
import { ROOT } from '../helpers/paths.ts';

/** By these, runners find the processes of a job. */
const COOKIES =
  'RUNNER_TRACKING_ID JENKINS_NODE_COOKIE JENKINS_SERVER_COOKIE HUDSON_COOKIE HUDSON_SERVER_COOKIE BUILD_ID VSTS_PROCESS_LOOKUP_ID TEAMCITY_PROCESS_FLOW_ID';
const TOKENS = 'CI_JOB_TOKEN ACTIONS_RUNTIME_TOKEN SYSTEM_ACCESSTOKEN GITHUB_ENV GITHUB_WORKSPACE BUILDKITE_AGENT_ACCESS_TOKEN';
const OF_APPS = 'GITHUB_TOKEN GITHUB_CLIENT_ID RUNNER_TOKEN BUILD_DIR JOB_NAME CIRCLES NODE_NAME WORKSPACE CITY PATH';

it('what belongs to a job of a CI runner is not inherited', () => {
  expect(`${COOKIES} ${TOKENS}`.split(' ').filter((name) => !isOfCiJob(name))).toEqual([]);
  expect(OF_APPS.split(' ').filter(isOfCiJob), 'of apps').toEqual([]);
  expect([...inheritedEnv({ PORT: '1', BUILD_ID: '7', LB_SOCKET: '/s', LB_LEVEL: 'x' }).keys()]).toEqual(['PORT', 'LB_LEVEL']);
});

it('the documentation names every cookie', () => {
  const page = readFileSync(`${ROOT}/docs/configuration.md`, 'utf8');
  expect(COOKIES.split(' ').filter((name) => !page.includes(`\`${name}\``) && !page.includes(`\`${name.split('_')[0]}_*\``))).toEqual([]);
});
