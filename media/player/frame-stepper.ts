/** Frames a second, for videos that tell nothing better. */
const usualFrameRate = 30
/** Seconds: rates are measured from differences above this, so that rounding does not make a frame. */
const shortestFrame = 1 / 240

/** Moves a paused video frame by frame, at the rate its facts tell or, failing that, the rate at which frames were seen. */
export class FrameStepper {
  readonly #video: HTMLVideoElement
  readonly #known: number | undefined
  #measured: number | undefined
  #lastFrame = 0

  /** @param frameRate From the video's facts. */
  constructor(video: HTMLVideoElement, frameRate: number | undefined) {
    this.#video = video
    this.#known = frameRate
    if (frameRate === undefined) this.#measureNext()
  }

  /** Frames a second. */
  get frameRate(): number {
    return this.#known ?? this.#measured ?? usualFrameRate
  }

  /** Returns the number of the frame that it goes to, from 0, or undefined before anything is known of the video. */
  step(direction: 1 | -1): number | undefined {
    const { currentTime, duration } = this.#video
    if (!Number.isFinite(duration)) return undefined
    const time = frameTime(currentTime, direction, this.frameRate, duration)
    this.#video.currentTime = time
    return Math.floor(time * this.frameRate)
  }

  /** The shortest distance between two frames that were shown: some are left out when decoding is slow. */
  #measureNext(): void {
    this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      const distance = mediaTime - this.#lastFrame
      this.#lastFrame = mediaTime
      if (distance >= shortestFrame && distance < 1 / (this.#measured ?? 1)) this.#measured = 1 / distance
      this.#measureNext()
    })
  }
}

/**
 * The time in the middle of the frame before or after the one at `seconds`: the middle, because a time on the edge may show either
 * neighbour.
 */
export function frameTime(seconds: number, direction: 1 | -1, frameRate: number, duration: number): number {
  const frame = Math.floor(seconds * frameRate + 1e-6) + direction
  const last = Math.max(0, Math.ceil(duration * frameRate) - 1)
  return (Math.min(last, Math.max(0, frame)) + 0.5) / frameRate
}
