import { holdsAac, holdsSound } from '../../src/shared/codec-names.ts'

/** Seconds of playing after which missing sound is noticed. */
const soundDelay = 3

const adtsHeader = [0xff, 0xf1, 0x50, 0x40, 0x01, 0xbf, 0xfc]
const silence = [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80]
/** A tenth of a second of silence in AAC-LC, 44.1 kHz, one channel, as an ADTS stream (ISO/IEC 14496-3, 1.A.3). */
const aacProbe = new Uint8Array(Array.from({ length: 4 }, () => [...adtsHeader, ...silence]).flat())

/** What the facts of a video say about its sound. */
export interface SoundFacts {
  mimeType: string
  codecs?: string
}

/**
 * Whether AAC is decoded here, found out by decoding: editors that are built without AAC still claim it in `canPlayType`, for the
 * claim is compiled in and the decoder a library beside it.
 */
export async function decodesAac(): Promise<boolean> {
  try {
    await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(aacProbe.slice().buffer)
    return true
  } catch {
    // What cannot be decoded is refused: that is the answer.
    return false
  }
}

/** The sound is AAC: known from the codecs, or likely for an MPEG-4 file of which none are known. */
export function carriesAac({ mimeType, codecs }: SoundFacts): boolean {
  if (codecs !== undefined) return holdsAac(codecs)
  return /^(video|audio)\/(mp4|quicktime|x-m4v|x-m4a|aac)$/.test(mimeType)
}

/** Calls `onSilence` once if a video plays on and not one byte of its sound was decoded. */
export function watchForSilence(media: HTMLMediaElement, facts: SoundFacts, onSilence: () => void): void {
  const check = (): void => {
    if (media.currentTime < soundDelay || media.paused) return
    media.removeEventListener('timeupdate', check)
    // Chromium's own counter; absent elsewhere, and then nothing is claimed.
    if (Reflect.get(media, 'webkitAudioDecodedByteCount') === 0 && hasSound(facts)) onSilence()
  }
  media.addEventListener('timeupdate', check)
}

function hasSound({ mimeType, codecs }: SoundFacts): boolean {
  return codecs === undefined ? carriesAac({ mimeType }) : holdsSound(codecs)
}
