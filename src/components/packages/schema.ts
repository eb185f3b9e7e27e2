import { entries, filled, object, selector } from '../../schema/kinds.ts';
import type { Static } from 'typebox';

const one = object({
  hosts: filled(selector({ description: 'Hosts that get the package.' }), 'all'),
}, { description: 'A Debian package that is installed; vgen never removes one.' });

export const schema = entries(one, {
  description: 'Further Debian packages by name, beside those that the components need.', examples: [{ htop: {} }],
}, 'word');
export type Packages = Static<typeof schema>;
