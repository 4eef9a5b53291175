import { CONTAINER_CHECK, refuseOutside, runCommand } from './container.ts';
import type { Exported, ExportRequest, PackageManager } from './export-request.ts';
import { headerOf } from './header.ts';
import { portOf } from './ports.ts';

interface Installing {
  /** What the dependencies follow from. */
  readonly files: string;
  readonly install: string;
  readonly build: string;
  /** Removes what only the build needs. */
  readonly prune: string;
}

const INSTALLING: Readonly<Record<PackageManager, Installing>> = {
  npm: { files: 'package.json package-lock.json', install: 'npm ci', build: 'npm run build', prune: 'npm prune --omit=dev' },
  pnpm: {
    files: 'package.json pnpm-lock.yaml',
    install: 'npm install -g pnpm && pnpm install --frozen-lockfile',
    build: 'pnpm run build',
    prune: 'CI=true pnpm prune --prod',
  },
  yarn: {
    files: 'package.json yarn.lock',
    install: 'corepack enable && yarn install --frozen-lockfile',
    build: 'yarn run build',
    prune: 'yarn install --frozen-lockfile --production',
  },
};
const UNLOCKED: Installing = { ...INSTALLING.npm, files: 'package.json', install: 'npm install' };

/** An image with the project, Node.js, `lb` and an init. */
export function dockerfile(request: ExportRequest): Exported {
  const { command, apps, directory, project, nodeMajor, lbVersion } = request;
  refuseOutside(apps, directory, 'dockerfile');
  const ports = [...new Set(apps.flatMap((app) => [portOf(app), app.healthPort?.port ?? null]))].filter((port) => port !== null);
  const { intervalS, timeoutS, retries } = CONTAINER_CHECK;
  const startS = Math.ceil(Math.max(...apps.map(({ listenTimeoutMs }) => listenTimeoutMs)) / 1_000);
  const init = 'apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*';
  const ownLb = `npm install -g lb-supervisor@${lbVersion} && npm cache clean --force`;
  const text = `${headerOf(command)}\
# A .dockerignore beside it, with node_modules and .git, keeps those two out.

FROM node:${nodeMajor}-slim AS build
WORKDIR /app
${buildSteps(request)}
FROM node:${nodeMajor}-slim
# The init is process 1: it passes signals on, and reaps processes that nobody waits for.
RUN ${project.dependsOnLb ? init : `${init} \\\n && ${ownLb}`}
ENV NODE_ENV=production
${project.dependsOnLb ? 'ENV PATH=/app/node_modules/.bin:$PATH\n' : ''}\
WORKDIR /app
COPY --from=build /app .
USER node
${ports.length === 0 ? '' : `EXPOSE ${ports.join(' ')}\n`}\
HEALTHCHECK --interval=${intervalS}s --timeout=${timeoutS}s --start-period=${startS}s --retries=${retries} \\
  CMD ${JSON.stringify(healthCommand(apps.map(({ name }) => name)))}
ENTRYPOINT ["tini", "--"]
CMD ${JSON.stringify(runCommand(request, null))}
`;
  const notes = project.hasPackage ? [] : [`${directory} has no package.json, so the image gets its files and no dependencies`];
  return { text, notes };
}

function buildSteps({ project: { hasPackage, lockedBy, hasBuildScript } }: ExportRequest): string {
  if (!hasPackage) return 'COPY . .\n';
  const { files, install, build, prune } = lockedBy === null ? UNLOCKED : INSTALLING[lockedBy];
  return `# The dependencies are a layer of their own, made again only when these change.
COPY ${files} ./
RUN ${install}
COPY . .
${hasBuildScript ? `RUN ${build}\n` : ''}RUN ${prune}
`;
}

/** `lb health` of every app. */
function healthCommand(names: readonly [string, ...string[]] | readonly string[]): string[] {
  const [first = '', ...others] = names;
  if (others.length === 0) return ['lb', 'health', first];
  return ['sh', '-c', 'for app; do lb health "$app" || exit 1; done', 'health', ...names];
}
