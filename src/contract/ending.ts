// What a change ends for who asks: names and paths that are answered no more, or by something else; and what a live
// slot itself asks, which keeps its former variables until its switch. Pure.
import { groupBy } from './group.ts';
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
  const names = groupBy(now, ({ name }) => name);
  // as nginx takes them (server_name): the longest wildcard first
  const wildcards = [...names.keys()].filter(one => one.startsWith('*.')).sort((a, b) => b.length - a.length);
  return [...groupBy(former, one => one.name)].flatMap(([name, was]) => {
    const is = names.get(name) ?? names.get(wildcards.find(one => name.endsWith(one.slice(1))) ?? '') ?? [];
    if (is.length === 0) return [end(name, 'it is no longer served here')];
    const told = new Set<ListedAnswer | null>();
    const paths = [...new Set([...was, ...is].map(({ path }) => below(path)))].sort()
      .map(path => (path === '/' ? path : path.slice(0, -1)));
    const [atFirst, atLast] = [answersAt(paths, was), answersAt(paths, is)];
    return paths.flatMap(path => {
      const [before, after] = [atFirst.get(path) ?? null, atLast.get(path) ?? null];
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

/** What all paths below one begin with. */
const below = (path: string): string => (path === '/' ? path : `${path}/`);

/** Path → what answers there: the longest path that it is, or lies below. `paths` are sorted: below follows above. */
function answersAt(paths: readonly string[], all: readonly ListedAnswer[]): Map<string, ListedAnswer> {
  const own = new Map(all.toReversed().map(one => [one.path, one]));
  const above: ListedAnswer[] = [];
  const found = new Map<string, ListedAnswer>();
  for (const path of paths) {
    let last = above.at(-1);
    while (last && !below(path).startsWith(below(last.path))) {
      above.pop();
      last = above.at(-1);
    }
    last = own.get(path) ?? last;
    if (last && last !== above.at(-1)) above.push(last);
    if (last) found.set(path, last);
  }
  return found;
}

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
