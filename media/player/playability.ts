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
      return `This editor has no decoder for ${mimeType || 'this type'}. Your browser may play it.`
    case 'decode':
      return 'This editor could not decode the video. Your browser may play it.'
    case 'network':
      return 'The stream could not be reached from this window.'
  }
}

/** The sentence for a video whose sound is not decoded. */
export const silentText =
  'This editor has no decoder for the sound (AAC), so the video is silent here. Your browser plays it with sound.'
