import { formatTime } from '../../src/shared/format.ts'
import type { CaptionChoice } from './captions.ts'
import type { FrameStepper } from './frame-stepper.ts'
import type { Playback } from './playback.ts'

/** Playback rates on offer; keys move from one to the next. */
export const playbackRates = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]

const volumeStep = 0.05

/** What actions need around the media element. */
export interface PlaybackActionsInit {
  playback: Playback
  captions: CaptionChoice
  /** Of a video; sound has no frames. */
  frames: FrameStepper | undefined
  /** The whole player, for full screen. */
  root: HTMLElement
  /** Where the editor forbids full screen, it gives the player as much room as it can. */
  maximize(): void
  openInBrowser(): void
  showHelp(): void
  /** A word on what a key did, shown for a moment. */
  tell(text: string): void
  report(problem: unknown): void
}

/** What buttons and keys do with the playback. */
export class PlaybackActions {
  readonly #init: PlaybackActionsInit
  readonly #media: HTMLMediaElement

  constructor(init: PlaybackActionsInit) {
    this.#init = init
    this.#media = init.playback.media
  }

  togglePlay(): void {
    if (this.#media.paused) void this.#init.playback.play()
    else this.#init.playback.pause()
  }

  toggleMute(): void {
    this.#media.muted = !this.#media.muted
    this.#tellVolume()
  }

  changeVolume(direction: 1 | -1): void {
    const media = this.#media
    media.muted = false
    media.volume = Math.min(1, Math.max(0, Math.round((media.volume + direction * volumeStep) * 100) / 100))
    this.#tellVolume()
  }

  changeRate(direction: 1 | -1): void {
    const { playbackRate } = this.#media
    const next =
      direction > 0
        ? playbackRates.find(rate => rate > playbackRate)
        : playbackRates.findLast(rate => rate < playbackRate)
    if (next !== undefined) this.#media.playbackRate = next
    this.#init.tell(`${this.#media.playbackRate}×`)
  }

  seekBy(seconds: number): void {
    this.seekTo(this.#media.currentTime + seconds)
    this.#init.tell(
      `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s · ${formatTime(this.#media.currentTime)}`
    )
  }

  /** Before the medium is loaded, it begins there once it is. */
  seekTo(seconds: number): void {
    if (!Number.isFinite(seconds)) return
    const { duration } = this.#media
    this.#media.currentTime = Math.max(0, Number.isFinite(duration) ? Math.min(duration, seconds) : seconds)
  }

  /** @param part 0 to 1 of the whole. */
  seekToPart(part: number): void {
    this.seekTo(this.#media.duration * part)
  }

  stepFrame(direction: 1 | -1): void {
    this.#init.playback.pause()
    const frame = this.#init.frames?.step(direction)
    if (frame !== undefined) this.#init.tell(`Frame ${frame} · ${formatTime(this.#media.currentTime)}`)
  }

  toggleCaptions(): void {
    this.#init.tell(this.#init.captions.toggle())
  }

  togglePictureInPicture(): void {
    const media = this.#media
    if (!(media instanceof HTMLVideoElement) || !document.pictureInPictureEnabled) return
    const shown = document.pictureInPictureElement === media
    const change = shown ? document.exitPictureInPicture() : media.requestPictureInPicture()
    change.then(undefined, this.#init.report)
  }

  toggleFullscreen(): void {
    if (!document.fullscreenEnabled) {
      this.#init.maximize()
      return
    }
    const change =
      document.fullscreenElement === null ? this.#init.root.requestFullscreen() : document.exitFullscreen()
    change.then(undefined, this.#init.report)
  }

  openInBrowser(): void {
    this.#init.openInBrowser()
  }

  showHelp(): void {
    this.#init.showHelp()
  }

  #tellVolume(): void {
    const { muted, volume } = this.#media
    this.#init.tell(muted ? 'Muted' : `Volume ${Math.round(volume * 100)} %`)
  }
}
