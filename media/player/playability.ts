/** What a player can say about a failure to play. */
export type PlayProblem = 'type' | 'decode' | 'network'

/** `MediaError.MEDIA_ERR_DECODE`. */
const decodeError = 3

/**
 * Why an element could not play: the type is not known here, the data could not be decoded, or the stream was not
 * reached. An unsupported source of a known type mostly means that the stream was not reached.
 */
export function playProblem(errorCode: number | undefined, canPlayType: string): PlayProblem {
  if (canPlayType === '') return 'type'
  if (errorCode === decodeError) return 'decode'
  return 'network'
}

/** The sentence for a banner. */
export function describeProblem(problem: PlayProblem, mimeType: string): string {
  switch (problem) {
    case 'type':
      return `This editor has no decoder for ${mimeType || 'this type'}. A browser or another player may play it.`
    case 'decode':
      return 'This editor could not decode the video. A browser or another player may play it.'
    case 'network':
      return 'The stream could not be reached from this window.'
  }
}

/**
 * Whether sound is probably missing for want of a decoder: MPEG-4 files mostly carry AAC, which the editor on the
 * desktop cannot decode.
 */
export function lacksSound(
  mimeType: string,
  canPlayAac: string,
  decodedAudioBytes: number | undefined
): boolean {
  const isMpeg4 = /^video\/(mp4|quicktime|x-m4v)/.test(mimeType)
  return isMpeg4 && canPlayAac === '' && (decodedAudioBytes ?? 0) === 0
}
