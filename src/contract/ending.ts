// What a change ends for who asks: names and paths that are answered no more, or by something else; and what a live
// slot itself asks, which keeps its former variables until its switch. Pure.
import type { ListedAnswer, ListedVariable } from './manifest.ts';

export interface Ending {
  /** `close`: an announced interruption. `route`: somebody else answers. */
  readonly action: 'end' | 'close' | 'route';
  readonly what: string;
  readonly because: readonly string[];
  readonly downtime: string | null;
}

/** What somebody gets who asks for a name, or below it, before and after; `isLive`: something of the app is live. */
export function answerEndings(
  former: readonly ListedAnswer[], now: readonly ListedAnswer[], isLive: (app: string) => boolean,
): Ending[] {
  return [...new Set(former.map(({ name }) => name))].flatMap(name => {
    const was = former.filter(one => one.name === name);
    const is = answersTo(name, now);
    if (is.length === 0) return [end(name, 'it is no longer served here')];
    const told = new Set<ListedAnswer | null>();
    return [...new Set([...was, ...is].map(({ path }) => path))].sort().flatMap(path => {
      const [before, after] = [answerAt(path, was), answerAt(path, is)];
      // what has been said of a path holds for all below it
      if (before === null || told.has(after) || isSame(before, after)) return [];
      told.add(after);
      return [change(name + (path === '/' ? '' : path), before, after, isLive)];
    });
  });
}

const end = (what: string, why: string): Ending =>
  ({ action: 'end', what, because: [why], downtime: `who asks for ${what}` });

function change(
  what: string, before: ListedAnswer, after: ListedAnswer | null, isLive: (app: string) => boolean,
): Ending {
  if (after === null) return end(what, 'no path of it is served there any more (404)');
  if (after.by === 'maintenance') {
    return { ...end(what, 'the maintenance page (503) from now on'), action: 'close' };
  }
  if (after.by === 'app' && !isLive(after.what) && before.by !== 'maintenance') {
    return end(what, `${textOf(after)} from now on, of which nothing is live (502); ${textOf(before)} before`);
  }
  return {
    action: 'route', what, because: [`${textOf(after)} from now on, ${textOf(before)} before`], downtime: null,
  };
}

const textOf = ({ by, what }: ListedAnswer): string =>
  (by === 'maintenance' ? 'the maintenance page' : `${by} ${what}`);
const isSame = (a: ListedAnswer, b: ListedAnswer | null): boolean => a.by === b?.by && a.what === b.what;

/** Of the name itself, else of the longest wildcard that covers it, as nginx takes them (server_name). */
function answersTo(name: string, all: readonly ListedAnswer[]): ListedAnswer[] {
  const names = new Set(all.map(one => one.name));
  const covering = [name, ...[...names].filter(one => one.startsWith('*.') && name.endsWith(one.slice(1)))
    .sort((a, b) => b.length - a.length)].find(one => names.has(one));
  return all.filter(one => one.name === covering);
}

/** The longest path that the asked one is, or lies below. */
const answerAt = (path: string, all: readonly ListedAnswer[]): ListedAnswer | null => all
  .filter(one => one.path === '/' || path === one.path || path.startsWith(`${one.path}/`))
  .sort((a, b) => b.path.length - a.path.length)[0] ?? null;

/** What the live slots of these apps ask by a variable that changes where it leads to now. */
export function connectionEndings(
  former: readonly ListedVariable[], now: readonly ListedVariable[], apps: readonly string[],
): Ending[] {
  return former.filter(({ app }) => apps.includes(app)).flatMap(({ app, name, value }) => {
    const is = now.find(one => one.app === app && one.name === name);
    const parts = is ? brokenBy(value, is.value) : [];
    return is && parts.length ? [{
      action: 'end', what: `${name} of ${app}`, downtime: `what ${app} asks there, until its switch`,
      because: [`${is.why}: new ${parts.join(' and ')} at once, and live keeps the former until its switch`],
    } satisfies Ending] : [];
  });
}

/** What of a URL keeps a client with the former one out. One that leads elsewhere leaves what was there as it is. */
function brokenBy(former: string, now: string): string[] {
  const [was, is] = [urlOf(former), urlOf(now)];
  const shared = was.places.filter(({ host }) => is.places.some(one => one.host === host));
  if (shared.length === 0) return [];
  return [
    ...was.scheme === is.scheme ? [] : ['protocol'],
    ...shared.every(({ host, port }) => is.places.some(one => one.host === host && one.port === port)) ? [] : ['port'],
    ...was.user === is.user && was.password !== is.password ? ['password'] : [],
  ];
}

interface Url {
  readonly scheme: string;
  readonly user: string;
  /** The name of its secret. */
  readonly password: string;
  readonly places: readonly { readonly host: string; readonly port: string }[];
}

/** A URL of a server or of several ones: scheme://user:password@host:port,host:port/… */
function urlOf(text: string): Url {
  const [, scheme = '', user = '', password = '', places = ''] =
    /^([a-z+]+):\/\/(?:([^:@/]*):([^@/]*)@)?([^/?]*)/.exec(text) ?? [];
  return { scheme, user, password, places: places.split(',').filter(Boolean).map(place => {
    const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(place) ?? [];
    return { host, port };
  }) };
}
