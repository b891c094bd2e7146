/** Bytes of one segment of the consensus log: two blocks of the greatest size fit, and zeroing one takes milliseconds. */
export const LOG_SEGMENT_BYTES_MAX = 4_194_304
/** Bytes of one log record's body: a block of the greatest size with its proposal, and headroom for a long proof. */
export const LOG_BODY_BYTES_MAX = 4_128_768
