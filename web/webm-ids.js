/** What the elements of WebM are called in its bytes, with their marker bits (RFC 9559 §5). */

export const EBML = 0x1a45dfa3;
export const SEGMENT = 0x18538067;
export const INFO = 0x1549a966;
export const TIMESTAMP_SCALE = 0x2ad7b1;
export const TRACKS = 0x1654ae6b;
export const TRACK_ENTRY = 0xae;
export const CODEC_ID = 0x86;
export const CODEC_PRIVATE = 0x63a2;
export const AUDIO = 0xe1;
export const CLUSTER = 0x1f43b675;
export const TIMESTAMP = 0xe7;
export const SIMPLE_BLOCK = 0xa3;
export const BLOCK_GROUP = 0xa0;
export const BLOCK = 0xa1;
export const DISCARD_PADDING = 0x75a2;
