import { describe, expect, it } from 'vitest';
import { mountUnit } from './datastore.ts';

describe('mountUnit', () => {
  // as `systemd-escape --path --suffix=mount` says
  it.each([['/srv/data', 'srv-data.mount'], ['/data', 'data.mount'], ['/mnt/a_b/c.d', 'mnt-a_b-c.d.mount']])(
    '%s: %s', (path, wanted) => expect(mountUnit({ path })).toBe(wanted),
  );
});
