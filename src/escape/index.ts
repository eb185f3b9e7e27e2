// One encoder per target grammar; each name is a filter of the templates. In: any string. Out: text that the program
// reads back as exactly that string, or an Inexpressible. There is no general quote(): 'it'\''s' is right in a shell
// and wrong in every other format here.
import { cronCommand } from './cron.ts';
import type { Encoder } from './inexpressible.ts';
import { nginxRawParameter } from './nginx.ts';
import { encodersOnHost, type HostEncoderName } from './placeholder.ts';
import { bareInteger, bareName, barePath, commentText } from './plain.ts';
import { sudoersCommand } from './sudoers.ts';
import { supervisorValue, supervisorWord } from './supervisor.ts';
import { systemdEnvValue, systemdPath, systemdWord } from './systemd.ts';

export { Inexpressible, type Encoder } from './inexpressible.ts';
export { hostEncoders, placeholder, refusePlaceholder, type HostEncoderName } from './placeholder.ts';

export type EncoderName = HostEncoderName | 'comment' | 'cron' | 'int' | 'name' | 'nginxraw' | 'path' | 'sudoers'
  | 'supervisorvalue' | 'supervisorword' | 'systemdenv' | 'systemdpath' | 'systemdword';

export const encoders: Readonly<Record<EncoderName, Encoder>> = {
  ...encodersOnHost,
  comment: commentText,
  cron: cronCommand,
  int: bareInteger,
  name: bareName,
  nginxraw: nginxRawParameter,
  path: barePath,
  sudoers: sudoersCommand,
  supervisorvalue: supervisorValue,
  supervisorword: supervisorWord,
  systemdenv: systemdEnvValue,
  systemdpath: systemdPath,
  systemdword: systemdWord,
};
