/** First part of a codec's name in RFC 6381, in lower case, to the name that people know it by. */
const names: Record<string, string> = {
  avc1: 'H.264',
  avc3: 'H.264',
  hvc1: 'HEVC',
  hev1: 'HEVC',
  av01: 'AV1',
  vp8: 'VP8',
  vp08: 'VP8',
  vp9: 'VP9',
  vp09: 'VP9',
  mp4a: 'AAC',
  opus: 'Opus',
  vorbis: 'Vorbis',
  flac: 'FLAC',
  mp3: 'MP3',
  alac: 'ALAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3'
}

/** MPEG-1 audio in an MPEG-4 file: object types 0x69 and 0x6b. */
const mp3InMp4 = /^mp4a\.6[9b]/i

/** The `codecs` of a video in words: `H.264, AAC`. What is not known stays as it is. */
export function codecNames(codecs: string): string {
  const words = splitCodecs(codecs).map(codec =>
    mp3InMp4.test(codec) ? 'MP3' : (names[codec.toLowerCase().split('.')[0] ?? ''] ?? codec)
  )
  return [...new Set(words)].join(', ')
}

/** Whether one of them is AAC. */
export function holdsAac(codecs: string): boolean {
  return splitCodecs(codecs).some(codec => /^mp4a\b/i.test(codec) && !mp3InMp4.test(codec))
}

/** Whether one of them is sound. */
export function holdsSound(codecs: string): boolean {
  return splitCodecs(codecs).some(codec => /^(mp4a|opus|vorbis|flac|mp3|alac|ac-3|ec-3)\b/i.test(codec))
}

function splitCodecs(codecs: string): string[] {
  return codecs.split(',').flatMap(codec => codec.trim() || [])
}
