import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { makeAuthority } from '../../fleet/certs/authority.ts';
import { readFleet } from '../../fleet/connect/inventory.ts';
import type { Output } from '../../print/output.ts';
import { defineCommand, flag, value, wholeNumber, type Given } from '../declaration.ts';
import { inventory } from '../options.ts';
import { caOf, certificateFile } from './authority.ts';

const options = {
  add: flag('put its certificate before the existing one, while hosts change from one CA to the other'),
  name: value('<name>', 'name of the CA', { default: 'vgen CA' }),
  days: value('<number>', 'days until it expires', { default: '3650', read: wholeNumber(1, 99_999) }),
  inventory,
};

export const command = defineCommand({
  about: 'The certificate goes to the file that the inventory names (certs.ca.certificate), the private key to '
    + 'stdout and '
    + 'nowhere else. A terminal as stdout is refused (exit code 3).',
  arguments: {},
  options,
  examples: {
    'vgen certs ca | age -r age1… -o ca.key.age': '',
    'vgen certs ca --add | pass insert -m fleet/ca-2': '',
  },
  run: makeCa,
});

async function makeCa(given: Given<typeof options>, output: Output): Promise<number> {
  const fleet = await readFleet(given.inventory);
  if (!fleet.model) {
    output.diagnostics(fleet);
    return 1;
  }
  const file = certificateFile(caOf(fleet.model), given.inventory);
  if (process.stdout.isTTY) {
    throw new Failure(
      'the key would be shown on the terminal; pipe it to what keeps it: vgen certs ca | age -r RECIPIENT -o '
        + 'ca.key.age',
      { exit: 3 },
    );
  }
  const shown = relative(process.cwd(), file);
  if (existsSync(file) && !given.add) {
    throw new Failure(`${shown} is there already; --add puts the certificate of a new CA before it`, { exit: 3 });
  }
  const { key, certificate } = await makeAuthority(given.name, given.days);
  // a certificate whose key is lost would be in the way of the next try
  await output.deliver(key);
  // whoever reads it meanwhile finds the former bundle or the new one
  writeFileSync(`${file}.new`, certificate + (existsSync(file) ? readFileSync(file, 'utf8') : ''));
  renameSync(`${file}.new`, file);
  output.note(`the certificate is in ${shown}: commit it; the key went to stdout and is nowhere else`);
  return 0;
}
