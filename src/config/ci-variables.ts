/**
 * Variables of CI runners. At the end of a job a runner kills every process that carries its cookie (`RUNNER_TRACKING_ID`,
 * `JENKINS_NODE_COOKIE`, `BUILD_ID` …), and the others name files, tokens and addresses that end with the job: what serves on must
 * not inherit them. `docs/configuration.md` has the same list. `_*` stands for every variable with this prefix.
 */
export const CI_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'GitHub Actions, Gitea and Forgejo': [
    ...words('RUNNER_', 'ARCH DEBUG ENVIRONMENT NAME OS PERFLOG TEMP TOOL_CACHE TRACKING_ID WORKSPACE'),
    ...words('GITHUB_', 'ACTION ACTIONS ACTIONS_RUNNER_ENDPOINT ACTION_PATH ACTION_REF ACTION_REPOSITORY ACTOR ACTOR_ID API_URL'),
    ...words('GITHUB_', 'BASE_REF ENV EVENT_NAME EVENT_PATH GRAPHQL_URL HEAD_REF JOB OUTPUT PATH REF REF_NAME REF_PROTECTED REF_TYPE'),
    ...words('GITHUB_', 'REPOSITORY REPOSITORY_ID REPOSITORY_OWNER REPOSITORY_OWNER_ID RETENTION_DAYS RUN_ATTEMPT RUN_ID RUN_NUMBER'),
    ...words('GITHUB_', 'SERVER_URL SHA STATE STEP_SUMMARY TRIGGERING_ACTOR WORKFLOW WORKFLOW_REF WORKFLOW_SHA WORKSPACE'),
    'ACTIONS_*',
    'GITEA_ACTIONS',
    'FORGEJO_ACTIONS',
  ],
  'GitLab CI and Woodpecker': ['CI_*', 'GITLAB_CI', 'GITLAB_FEATURES', 'CI', 'DRONE_*'],
  'Jenkins and Hudson': [
    'JENKINS_*',
    'HUDSON_*',
    ...words('BUILD_', 'DISPLAY_NAME ID NUMBER TAG URL'),
    ...words('JOB_', 'BASE_NAME DISPLAY_URL URL'),
    ...words('RUN_', 'ARTIFACTS_DISPLAY_URL CHANGES_DISPLAY_URL DISPLAY_URL TESTS_DISPLAY_URL'),
    'EXECUTOR_NUMBER',
    'WORKSPACE_TMP',
  ],
  'Azure Pipelines': ['VSTS_*', 'TF_BUILD', 'SYSTEM_ACCESSTOKEN', ...words('AGENT_', 'BUILDDIRECTORY HOMEDIRECTORY JOBNAME TEMPDIRECTORY WORKFOLDER')],
  TeamCity: ['TEAMCITY_*', 'BUILD_VCS_NUMBER'],
  Others: ['BAMBOO_*', 'BUILDKITE', 'BUILDKITE_*', 'CIRCLECI', 'CIRCLE_*', 'CODEBUILD_*', 'TRAVIS', 'TRAVIS_*', 'bamboo_*'],
};

function words(prefix: string, list: string): string[] {
  return list.split(' ').map((word) => prefix + word);
}

const ALL = Object.values(CI_VARIABLES).flat();
const NAMES = new Set(ALL.filter((name) => !name.endsWith('*')));
const PREFIXES = ALL.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));

/** Whether a variable belongs to the CI job in which a command runs. */
export const isOfCiJob = (name: string): boolean => NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
