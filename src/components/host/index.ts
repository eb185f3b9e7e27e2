// The engine on the host: static scripts, the same bytes everywhere, so that a console alone is enough to repair it.
import { component, type FileSpec } from '../../contract/component.ts';

const bin = ['confirm', 'deploy', 'rollback', 'status', 'switch'];
const lib = [
  'action', 'apps', 'certificates', 'checks', 'confirm', 'detach', 'drift', 'encode', 'exchange', 'files', 'generations', 'hand', 'health', 'install',
  'journal', 'lock', 'options', 'packages', 'pending', 'places', 'process', 'record', 'release', 'say', 'slots', 'supervisor',
  'switch', 'units', 'users', 'view', 'words',
];
const scripts = [...bin.map(name => `bin/${name}.sh`), ...lib.map(name => `lib/${name}.sh`)];

export default component<null>({
  name: 'host',
  summary: 'install.sh and the scripts in /opt/vgen that deploy, switch, roll back and tell the status.',
  key: null,
  schema: null,
  // what is in /etc/vgen says itself who may read it; datastores and apps have to get at their certificates
  plan: ({ host }) => [{ kind: 'directory', path: '/etc/vgen', mode: '0755', owner: 'root:root', at: host.at }, ...scripts.map((script): FileSpec => ({
    kind: 'file', path: `/opt/vgen/${script}`, mode: script.startsWith('bin/') ? '0755' : '0644', owner: 'root:root', at: host.at,
    from: { static: `host/opt/vgen/${script}` }, secrets: [], onChange: [], check: 'bash',
  }))],
});
