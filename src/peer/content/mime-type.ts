import { fileTypeFromBuffer } from 'file-type'

/** The type of everything that we do not play. */
export const UNKNOWN_MIME_TYPE = 'application/octet-stream'
/** Bytes from the beginning of a file that `sniffMimeType` looks at. */
export const SNIFF_LENGTH = 4100

// Videos, sounds and raster images, none of which can carry scripts: no SVG, no HTML, no PDF. Named as browsers know them, those
// included that hardly any browser decodes (FLV, AVI, WMV, MPEG, MPEG-TS): they are sent as what they are, for a player that can.
const PLAYABLE = new Map([
  ...same(['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime', 'video/mpeg', 'video/mp2t']),
  ...same(['video/3gpp', 'video/3gpp2', 'video/x-flv']),
  ['video/x-m4v', 'video/mp4'],
  ['video/matroska', 'video/x-matroska'],
  ['video/vnd.avi', 'video/x-msvideo'],
  ['video/x-ms-asf', 'video/x-ms-wmv'],
  ...same(['audio/mpeg', 'audio/ogg', 'audio/wav', 'audio/flac', 'audio/aac', 'audio/mp4', 'audio/aiff']),
  ['audio/x-m4a', 'audio/mp4'],
  ...same(['image/png', 'image/apng', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])
])

/**
 * The MIME type that the first bytes of a file show, if it is a video, sound or raster image that may be played;
 * `application/octet-stream` for all else, whatever its name says.
 */
export async function sniffMimeType(head: Uint8Array): Promise<string> {
  const detected = await detect(head.subarray(0, SNIFF_LENGTH))
  return PLAYABLE.get(detected?.split(';')[0] ?? '') ?? UNKNOWN_MIME_TYPE
}

/** Whether the stream server may send this type for playing. */
export function isPlayableMimeType(mimeType: string): boolean {
  return [...PLAYABLE.values()].includes(mimeType)
}

async function detect(head: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(head))?.mime
  } catch {
    // The detector throws for some malformed beginnings: a type that cannot be read is not known.
    return undefined
  }
}

function same(types: readonly string[]): [string, string][] {
  return types.map(type => [type, type])
}
