// A value with secrets in it never enters the tree: the file holds `@vgen(ENCODER:BODY)`, and the host puts the encoded
// value there. BODY: plain characters, %XX for each other byte of UTF-8, and <name> for a secret, <name:url> for one
// that stands in a URL.
// The grammar is that of vgen; its reader is templates/host/opt/vgen/lib/core/encode.sh.
import { configObjValue } from './configobj.ts';
import { Inexpressible, requireText, type Encoder } from './inexpressible.ts';
import { nginxParameter } from './nginx.ts';
import { pemBlocks } from './pem.ts';
import { redisArgument, redisSha256 } from './redis.ts';
import type { SealedPart } from '../contract/model.ts';
import { envfileValue, shWord } from './sh.ts';
import { sqlString } from './sql.ts';
import { supervisorEnvValue } from './supervisor.ts';
import { yamlString } from './yaml.ts';

/** Encoders that encode.sh knows too, for values with secrets, which exist on the host only. */
export type HostEncoderName =
  'configobj' | 'envfile' | 'nginx' | 'pem' | 'redis' | 'redissha256' | 'sh' | 'sqlstring' | 'supervisorenv' | 'yaml';

export const encodersOnHost: Readonly<Record<HostEncoderName, Encoder>> = {
  configobj: configObjValue,
  envfile: envfileValue,
  nginx: nginxParameter,
  pem: pemBlocks,
  redis: redisArgument,
  redissha256: redisSha256,
  sh: shWord,
  sqlstring: sqlString,
  supervisorenv: supervisorEnvValue,
  yaml: yamlString,
};

export const hostEncoders = Object.keys(encodersOnHost) as readonly HostEncoderName[];

const opening = '@vgen(';
const plain = /[A-Za-z0-9_.,:;/@?&=+*!~-]/;

const literal = (text: string): string => Array.from(Buffer.from(text), byte => {
  const char = String.fromCharCode(byte);
  return plain.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}).join('');

/**
 * The placeholder for `parts` joined and then encoded by `encoder`: a string is literal text, `{ secret }` the value of
 * that secret on the host. Throws `Inexpressible` where the literals alone make every value so; the host still refuses
 * what only the secret's value spoils. Throws `RangeError` for no parts and for a bad name of a secret.
 */
export const placeholder = (encoder: HostEncoderName, parts: readonly SealedPart[]): string => {
  for (const part of parts) {
    if (typeof part === 'string') requireText(encoder, part);
    else if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(part.secret)) throw new RangeError('a secret needs a plain name');
  }
  if (parts.some(part => typeof part === 'string')) {
    encodersOnHost[encoder](parts.map(part => typeof part === 'string' ? part : 'x').join(''));
  }
  const body = parts.map(part => typeof part === 'string' ? literal(part) : `<${part.secret}${part.url ? ':url' : ''}>`)
    .join('');
  if (body === '') throw new RangeError('a placeholder needs a part');
  return `${opening}${encoder}:${body})`;
};

/** Throws `Inexpressible` if `text`, printed into a file whose placeholders are expanded, would open one itself. */
export const refusePlaceholder = (text: string): void => {
  if (text.includes(opening)) {
    throw new Inexpressible('placeholder', `text in a file with secrets cannot hold ${opening}`);
  }
};
