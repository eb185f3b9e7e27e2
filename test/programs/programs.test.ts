// The trees of all golden cases and of the example, given to the programs they are for, each in namespaces of its own:
// a golden file proves that nothing changed, these tests prove that it was right.
import { spawnSync } from 'node:child_process';
import { bashTests } from './bash.ts';
import { nftTests } from './nft.ts';
import { nginxTests } from './nginx.ts';
import { ngrokTests } from './ngrok.ts';
import { redisTests } from './redis.ts';
import { supervisorTests } from './supervisor.ts';
import { systemdTests } from './systemd.ts';

/** Namespaces can be made and mounted in: this is root on Linux, and not in a container without its rights. */
const able = process.getuid?.() === 0
  && spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--propagation', 'private',
    'true']).status === 0;

nftTests(able);
nginxTests(able);
supervisorTests(able);
redisTests(able);
systemdTests(able);
bashTests();
ngrokTests();
