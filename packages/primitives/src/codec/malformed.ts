import { DecodeError } from '../types/errors.ts'

/** The error of most decoders. `what` is the path of the bad field, `reason` a phrase without user data. */
export function malformed(what: string, reason: string): DecodeError {
  return new DecodeError(`${what}: ${reason}`, { code: 'OL_DECODE_MALFORMED', what, reason })
}
