// The engine on the host: static scripts, the same bytes everywhere, so that a console alone is enough to repair it.
import { component } from '../../contract/component.ts';
import { directory, filesOf } from '../../kit/files.ts';

const bin = ['confirm', 'deploy', 'rollback', 'status', 'switch'];
const lib = [
  'action', 'apps', 'certificates', 'checks', 'confirm', 'detach', 'drift', 'encode', 'exchange', 'files',
  'generations', 'hand', 'health', 'install',
  'journal', 'lock', 'manifest', 'options', 'packages', 'pending', 'places', 'process', 'record', 'release', 'say',
  'slots', 'supervisor',
  'switch', 'units', 'users', 'view',
];
const { script } = filesOf('host');

export const host = component<null>({
  name: 'host',
  summary: 'install.sh and the scripts in /opt/vgen that deploy, switch, roll back and tell the status.',
  key: null,
  schema: null,
  // what is in /etc/vgen says itself who may read it; datastores and apps have to get at their certificates
  plan: ({ host }) => ({
    files: [directory('/etc/vgen', host.at), ...bin.map(name => script(`/opt/vgen/bin/${name}.sh`, host.at)),
      ...lib.map(name => script(`/opt/vgen/lib/${name}.sh`, host.at, { mode: '0644' }))],
  }),
});
