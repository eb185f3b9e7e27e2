// The engine on the host: static scripts, the same bytes everywhere, so that a console alone is enough to repair it.
import { component } from '../../contract/component.ts';
import { directory, file, filesOf, link } from '../../kit/files.ts';

/** The layers of the engine (templates/host/opt/vgen/lib), each joined to one file when vgen is built. */
const layers = ['core', 'install', 'release', 'runtime', 'state'];
const RECOVER = '/etc/systemd/system/vgen-recover.service';
const { copy, script } = filesOf('host');

export const host = component<null>({
  name: 'host',
  summary: 'install.sh, and /opt/vgen/bin/vgen, which deploys, switches, rolls back and tells the status.',
  key: null,
  schema: null,
  // what is in /etc/vgen says itself who may read it; datastores and apps have to get at their certificates
  plan: ({ host }) => ({
    files: [
      directory('/etc/vgen', host.at), script('/opt/vgen/bin/vgen', host.at),
      ...layers.map(name =>
        file(`/opt/vgen/lib/${name}.sh`, host.at, { static: `engine/${name}.sh` }, { check: 'bash' })),
      // a unit that shall run would be started by each install; this one is for the boot alone
      copy(RECOVER, host.at, { check: 'systemd' }),
      link('/etc/systemd/system/sysinit.target.wants/vgen-recover.service', host.at, RECOVER),
    ],
  }),
});
