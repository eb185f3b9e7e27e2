// One argument of redis.conf 7.0 (sds.c, sdssplitargs): in double quotes, \" and \\ are the character and \xHH a byte.
// Every byte that is not printable ASCII becomes \xHH, so no line break and no locale matters (docs/formats.md#redis).
// Wrong for `sentinel auth-pass`, which Redis writes back unquoted, and for an aclfile, which has no quoting at all.
import { createHash } from 'node:crypto';
import { Inexpressible, requireText } from './inexpressible.ts';

const byte = (value: number): string => {
  if (value === 0x22 || value === 0x5c) return `\\${String.fromCharCode(value)}`;
  if (value >= 0x20 && value < 0x7f) return String.fromCharCode(value);
  return `\\x${value.toString(16).padStart(2, '0')}`;
};

/** `value` as one argument of redis.conf. Throws for NUL and lone surrogates. */
export const redisArgument = (value: string): string => {
  requireText('redis', value);
  return `"${Array.from(Buffer.from(value), byte).join('')}"`;
};

/**
 * The password `value` as `#<sha256>` for a `user` line (Redis ACL), so that the file holds no clear password.
 * Throws for NUL, lone surrogates and an empty password, which would let everybody in who sends none.
 */
export const redisSha256 = (value: string): string => {
  requireText('redissha256', value);
  if (value === '') throw new Inexpressible('redissha256', 'a redis password cannot be empty');
  return `#${createHash('sha256').update(value).digest('hex')}`;
};
