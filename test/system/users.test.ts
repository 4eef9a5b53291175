import { expect, it } from 'vitest';
import { groupNamed } from '../../src/system/named-users.ts';
import { userOf } from '../../src/system/users.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000:App,,,:/srv/app:/bin/sh\nbroken\n';
const GROUP = 'root:x:0:\ndeploy:x:27:anna,bert\nempty:x::\n';

it('a user by number', () => {
  expect(userOf(1_000, PASSWD)).toEqual({ uid: 1_000, name: 'app', home: '/srv/app' });
  expect(userOf(1_001, PASSWD)).toBeNull();
});

it('a group by name or number', () => {
  expect(groupNamed('deploy', GROUP)).toEqual({ gid: 27, name: 'deploy' });
  expect(groupNamed('27', GROUP)).toEqual({ gid: 27, name: 'deploy' });
  for (const unknown of ['no-such-group-here', 'empty', '--help', '']) expect(groupNamed(unknown, GROUP), unknown).toBeNull();
  expect(groupNamed('root'), 'of this machine').toEqual({ gid: 0, name: 'root' });
});
