import type { SavedPlayerState } from '../../src/shared/player-protocol.ts'
import type { HostConnection } from './host-connection.ts'
import { describeProblem, playProblem } from './playability.ts'

/** Waits between attempts to reach the stream again, in milliseconds: the peer may be moving to another window. */
const retryDelays = [500, 1000, 2000, 4000]
/** Milliseconds between two savings of the position. */
const saveInterval = 2000
/** Milliseconds between two times that the editor is told the position, for the next player of this video. */
const tellInterval = 5000
/** Milliseconds after which a place that was sought is told: who drags along the bar seeks many times a second. */
const soughtDelay = 300

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
  #toldAt = 0
  #playable = true
  #sought: ReturnType<typeof setTimeout> | undefined

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
    for (const name of ['pause', 'play', 'seeked', 'ended']) media.addEventListener(name, () => this.#save())
    media.addEventListener('play', () => host.notify('playing', null))
    for (const name of ['pause', 'ended']) media.addEventListener(name, () => this.tellPosition())
    media.addEventListener('seeked', () => this.#tellSoon())
    setInterval(() => this.#saveAndTell(), saveInterval)
  }

  /**
   * Opens the stream. A restored player waits at the place where it stood; any other plays, from where the video was left if it
   * was watched before.
   */
  open(url: string, saved: SavedPlayerState | undefined, resumeAt: number | undefined): void {
    this.#position = saved?.position ?? resumeAt ?? 0
    this.#wantsPlay = saved === undefined
    this.media.src = url
    if (this.#wantsPlay) void this.play()
  }

  /** There is no decoder for it here: the next failure is final. */
  giveUp(): void {
    this.#playable = false
    if (this.media.error !== null) void this.#recover()
  }

  /** Tells the editor where it stands. */
  tellPosition(): void {
    this.#toldAt = performance.now()
    this.#host.notify('position', { seconds: this.#standing() })
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

  #tellSoon(): void {
    clearTimeout(this.#sought)
    this.#sought = setTimeout(() => this.tellPosition(), soughtDelay)
  }

  #saveAndTell(): void {
    this.#save()
    if (!this.media.paused && performance.now() - this.#toldAt >= tellInterval) this.tellPosition()
  }

  #save(): void {
    this.#host.save({ digest: this.#digest, position: this.#standing(), paused: this.media.paused })
  }

  /** Seconds; what was seen to its end begins again. */
  #standing(): number {
    const { currentTime, ended, readyState } = this.media
    if (ended) return 0
    return readyState === 0 ? this.#position : currentTime
  }

  async #recover(): Promise<void> {
    const claim = this.#playable ? this.media.canPlayType(this.#mimeType) : ''
    const problem = playProblem(this.media.error?.code, claim)
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
}
