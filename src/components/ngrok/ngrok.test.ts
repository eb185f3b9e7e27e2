import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const base = (tunnels: string, more = '', listen = 'live: 80'): string =>
  `apps: { api: ${app(`hosts: a, listen: { ${listen} }`)} }\nngrok: { authtoken: token, ${more} tunnels: `
    + `{ ${tunnels} } }\nsecrets: { token: { env: T } }\n`;

describe('ngrok', () => {
  it.each([
    [
      'version 2, a domain', base('t: { hosts: a, app: api, domain: x.example.com }'),
      ['version: "2"', 'proto: http', 'domain: "x.example.com"'], ['labels'],
    ],
    ['version 2, an edge', base('t: { hosts: a, app: api, edge: edghts_1 }'), ['- edge=edghts_1'], ['proto', 'domain']],
    [
      'version 3', base('t: { hosts: a, app: api, domain: x.example.com }', 'version: 3,'),
      ['version: 3', 'endpoints:', 'url: "x.example.com"'], ['tunnels', 'proto'],
    ],
    [
      'all addresses: the tunnel asks loopback', base('t: { hosts: a, app: api }', '', 'address: 0.0.0.0, live: 80'),
      ['127.0.0.1:80'], ['0.0.0.0'],
    ],
    [
      'the other link', base('t: { hosts: a, app: api, link: next }', '', 'live: 80, next: 81'), ['127.0.0.1:81'],
      ['127.0.0.1:80'],
    ],
    ['a port of the host', base('t: { hosts: a, port: 4000 }'), ['127.0.0.1:4000'], []],
  ])('%s', async (_, inventory, wanted, unwanted) => {
    const { text, found } = await compiled(inventory);
    expect(found).toEqual([]);
    const yaml = text('a', 'etc/ngrok.yml').replaceAll(/: (?!")([a-z0-9.]+\.(com|1)(:\d+)?)$/gm, ': "$1"');
    expect(yaml).toContain('@vgen(yaml:<token>)');
    for (const one of wanted) expect(yaml).toContain(one);
    for (const one of unwanted) expect(yaml).not.toContain(one);
    expect(text('b', 'etc/ngrok.yml'), 'a host without a tunnel').toBe('');
  });

  it.each([
    ['neither app nor port', 't: { hosts: a }', 'ngrok/target ngrok.tunnels.t'],
    ['an app that is elsewhere', 't: { hosts: b, app: api }', 'ngrok/app-elsewhere ngrok.tunnels.t.app'],
    ['a link without a port', 't: { hosts: a, app: api, link: next }', 'ngrok/not-served ngrok.tunnels.t.link'],
    ['a port that nobody serves', 't: { hosts: a, port: 9 }', 'ngrok/not-served ngrok.tunnels.t.port'],
    ['one domain on two hosts', 't: { port: 9, domain: x.example.com }', 'ngrok/domain-twice ngrok.tunnels.t.domain'],
    [
      'one domain in two spellings',
      't: { hosts: a, app: api, domain: x.example.com }, u: { hosts: a, app: api, domain: X.example.com }',
      'ngrok/domain-twice ngrok.tunnels.u.domain',
    ],
  ])('%s', async (_, tunnels, wanted) => expect((await compiled(base(tunnels))).found).toContain(wanted));

  it('asks for confirmation where a tunnel leads to sshd, and nowhere else', async () => {
    const { trees, found } = await compiled(base(
      't: { hosts: a, port: 22, edge: edge_1 }, u: { hosts: b, port: 4000 }, v: { hosts: a, app: api }',
    ).replace('hosts: a,', 'hosts: [a, b],'));
    expect(found).toEqual([]);
    const asked = ['a', 'b'].map(host => trees.get(host)?.plan.files.filter(file =>
      file.kind === 'file' && file.onChange.some(change => change.do === 'confirm')).map(({ path }) => path));
    expect(asked).toEqual([['/etc/ngrok.yml', '/etc/systemd/system/ngrok.service'], []]);
  });

  it('may open a domain on each host where its text says the host', async () => {
    const { found, text } = await compiled(base('t: { hosts: a, app: api, domain: "${host.name}.example.com" }'));
    expect(found).toEqual([]);
    expect(text('a', 'etc/ngrok.yml')).toContain('a.example.com');
  });
});
