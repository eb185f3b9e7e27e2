// The command of a line in /etc/cron.d (crontab(5); Debian cron 3.0pl1): % becomes a line break, a backslash before
// one cannot be written, and lines above some 1000 characters are dropped (docs/formats.md#cron). What needs more
// than plain words belongs in a script that cron starts.
import { Inexpressible, requireText } from './inexpressible.ts';

/** `value`, a command of plain words, unchanged. Throws for all that cron or its shell would read otherwise. */
export const cronCommand = (value: string): string => {
  requireText('cron', value);
  if (value.includes('%')) {
    throw new Inexpressible('cron', 'a cron command cannot hold %, which cron reads as a line break');
  }
  if (!/^[A-Za-z0-9_./:@=,+ -]+$/.test(value)) {
    throw new Inexpressible('cron', 'a cron command may hold only letters, digits, blanks and _ . / : @ = , + -');
  }
  if (/^ | $/.test(value)) throw new Inexpressible('cron', 'a cron command cannot start or end with a blank');
  if (value.length > 900) throw new Inexpressible('cron', 'a cron command cannot be longer than 900 characters');
  return value;
};
