// The trees of all golden cases and of the example, given to the programs they are for, each in namespaces of its own:
// a golden file proves that nothing changed, these tests prove that it was right.
import { spawnSync } from 'node:child_process';
import { bashTests } from './programs/bash.ts';
import { nftTests } from './programs/nft.ts';
import { nginxTests } from './programs/nginx.ts';
import { ngrokTests } from './programs/ngrok.ts';
import { redisTests } from './programs/redis.ts';
import { supervisorTests } from './programs/supervisor.ts';
import { systemdTests } from './programs/systemd.ts';

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
