import type { SavedPlayerState } from '../../src/shared/player-protocol.ts'
import type { HostConnection } from './host-connection.ts'
import { describeProblem, lacksSound, playProblem } from './playability.ts'

/** Waits between attempts to reach the stream again, in milliseconds: the peer may be moving to another window. */
const retryDelays = [500, 1000, 2000, 4000]
/** Milliseconds between two savings of the position. */
const saveInterval = 2000
/** Seconds of playing after which missing sound is noticed. */
const soundDelay = 3

/** Plays the stream: starts it, comes back to where it was, and finds the stream again when it has moved. */
export class Playback {
  readonly media: HTMLMediaElement
  readonly #host: HostConnection
  readonly #mimeType: string
  readonly #digest: string
  readonly #onProblem: (text: string) => void
  #attempts = 0
  #position = 0
  #wantsPlay = false

  constructor(
    media: HTMLMediaElement,
    video: { mimeType: string; digest: string },
    host: HostConnection,
    onProblem: (text: string) => void
  ) {
    this.media = media
    this.#mimeType = video.mimeType
    this.#digest = video.digest
    this.#host = host
    this.#onProblem = onProblem
    media.addEventListener('error', () => void this.#recover())
    media.addEventListener('playing', () => {
      this.#attempts = 0
    })
    media.addEventListener('loadedmetadata', () => this.#goTo(this.#position))
    media.addEventListener('timeupdate', () => this.#checkSound())
    for (const name of ['pause', 'play', 'seeked']) media.addEventListener(name, () => this.#save())
    setInterval(() => this.#save(), saveInterval)
  }

  /** Opens the stream; plays from the start, or waits at the place where a restored player stood. */
  open(url: string, saved: SavedPlayerState | undefined): void {
    this.#position = saved?.position ?? 0
    this.#wantsPlay = saved === undefined
    this.media.src = url
    if (this.#wantsPlay) void this.play()
  }

  /** Plays; where sound needs a click first, begins without it. */
  async play(): Promise<void> {
    this.#wantsPlay = true
    try {
      await this.media.play()
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.media.muted) return
      this.media.muted = true
      await this.play()
    }
  }

  pause(): void {
    this.#wantsPlay = false
    this.media.pause()
  }

  #goTo(seconds: number): void {
    if (seconds > 0 && seconds < this.media.duration) this.media.currentTime = seconds
  }

  #save(): void {
    const { currentTime, paused, ended, readyState } = this.media
    const position = ended ? 0 : readyState === 0 ? this.#position : currentTime
    this.#host.save({ digest: this.#digest, position, paused })
  }

  async #recover(): Promise<void> {
    const problem = playProblem(this.media.error?.code, this.media.canPlayType(this.#mimeType))
    const delay = problem === 'network' ? retryDelays[this.#attempts++] : undefined
    if (delay === undefined) {
      this.#host.notify('problem', {
        message: `${problem}: ${this.media.error?.message ?? 'no reason'}`.slice(0, 500)
      })
      this.#onProblem(describeProblem(problem, this.#mimeType))
      return
    }
    this.#position = this.media.currentTime || this.#position
    await new Promise(resolve => setTimeout(resolve, delay))
    await this.#openAgain()
  }

  async #openAgain(): Promise<void> {
    try {
      this.media.src = (await this.#host.request('source')).url
      if (this.#wantsPlay) await this.play()
    } catch (error) {
      this.#onProblem(error instanceof Error ? error.message : String(error))
    }
  }

  #checkSound(): void {
    if (this.media.currentTime < soundDelay || !(this.media instanceof HTMLVideoElement)) return
    // Chromium's own counter; absent elsewhere, and then nothing is claimed.
    const decoded = Reflect.get(this.media, 'webkitAudioDecodedByteCount')
    if (typeof decoded !== 'number') return
    if (!lacksSound(this.#mimeType, this.media.canPlayType('audio/mp4; codecs="mp4a.40.2"'), decoded)) return
    this.#onProblem('This editor has no AAC decoder, so the video is silent here.')
  }
}
