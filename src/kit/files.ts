// The shapes of what a component plans: files made by templates, static files,
// user-supplied ones, directories and links.
import type { FileSpec, OnChange } from '../contract/component.ts';
import type { Path } from '../contract/diagnostic.ts';
import type { Slot } from '../contract/model.ts';

type Content = Extract<FileSpec, { kind: 'file' }>;

/**
 * How a file differs from one of root's, mode 0644, that holds no secret, triggers nothing, belongs to no slot and that
 * no program judges.
 */
export type FileDetails = Partial<Pick<Content, 'mode' | 'owner' | 'secrets' | 'onChange' | 'check' | 'slot'>>;

/** A file of any content. */
export const file = (path: string, at: Path, from: Content['from'], details: FileDetails = {}): FileSpec =>
  ({
    kind: 'file', path, at, mode: '0644', owner: 'root:root', from, secrets: [], onChange: [], check: null, slot: null,
    ...details,
  });

/** A directory, of root's and mode 0755 unless it is said. */
export const directory =
  (path: string, at: Path, details: { readonly mode?: string; readonly owner?: string } = {}): FileSpec =>
    ({ kind: 'directory', path, at, mode: '0755', owner: 'root:root', ...details });

/** A symbolic link. */
export const link = (path: string, at: Path, target: string): FileSpec => ({ kind: 'link', path, at, target });

/** A symbolic link that is state: made once, then left to the switch. */
export const firstLink = (path: string, at: Path, target: string): FileSpec =>
  ({ kind: 'first-link', path, at, target });

/** The files that lie in templates/<folder>/ under their paths on the host. */
export interface FilesOf {
  /**
   * A file made by its template. The view gets `at` unless it has one.
   * @param details `as`: the template's path where it holds placeholders: `/opt/{app}/{slot}/nginx.conf`
   */
  template(path: string, at: Path, view: object, details?: FileDetails & { readonly as?: string }): FileSpec;
  /** A file of the fleet, at a path below out/_fleet/; its template is templates/<folder>/_fleet/<path>.njk. */
  ofFleet(path: string, at: Path, view: object): FileSpec;
  /** A file whose bytes are the same on every host. */
  copy(path: string, at: Path, details?: FileDetails): FileSpec;
  /** A bash script whose bytes are the same on every host. */
  script(path: string, at: Path, details?: FileDetails): FileSpec;
}

/** Constructors for a component's files: those in its folder of templates. */
export const filesOf = (folder: string): FilesOf => {
  const copy: FilesOf['copy'] = (path, at, details) => file(path, at, { static: `${folder}${path}` }, details);
  return {
    template: (path, at, view, { as, ...details } = {}) =>
      file(path, at, { template: `${folder}${as ?? path}.njk`, view: { at, ...view } }, details),
    ofFleet: (path, at, view) => file(path, at, { template: `${folder}/_fleet${path}.njk`, view: { at, ...view } }),
    copy,
    script: (path, at, details) => copy(path, at, { mode: '0755', check: 'bash', ...details }),
  };
};

/** Triggers: what happens when a file changes. */
export const reload = (unit: string): OnChange => ({ do: 'reload', unit });
export const restart = (unit: string): OnChange => ({ do: 'restart', unit });
/** A file of a slot, which its process reads: it changes with the slot, which is restarted for it. */
export const ofSlot = (slot: Slot): Pick<Content, 'onChange' | 'slot'> =>
  ({ onChange: [{ do: 'slot', app: slot.app.name, slot: slot.name }], slot: slotName(slot) });
/** APP/SLOT, as lists of hosts name a slot. */
export const slotName = ({ app, name }: Slot): string => `${app.name}/${name}`;
/** Somebody proves over a new connection that one still gets into the host. */
export const CONFIRM: OnChange = { do: 'confirm' };
