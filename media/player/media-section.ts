import { formatTime } from '../../src/shared/format.ts'
import type { NetworkState, PlayerChunks, PlayerState } from '../../src/shared/player-protocol.ts'
import { waitingText } from '../../src/shared/waiting-text.ts'
import { element } from '../element.ts'
import type { Banner } from './banner.ts'
import { CaptionChoice } from './captions.ts'
import type { ChunkColors } from './chunk-colors.ts'
import { Controls } from './controls.ts'
import { FrameStepper } from './frame-stepper.ts'
import { Help } from './help.ts'
import type { HostConnection } from './host-connection.ts'
import { listenToKeys } from './keyboard.ts'
import { silentText } from './playability.ts'
import { Playback } from './playback.ts'
import { PlaybackActions } from './playback-actions.ts'
import { ScrubBar } from './scrub-bar.ts'
import { shortcutsFor } from './shortcuts.ts'
import { carriesAac, decodesAac, watchForSilence } from './sound.ts'
import { Stage } from './stage.ts'

/** Milliseconds of standing still before it is explained. */
const waitingDelay = 300

/** What a player of video or sound needs from the page. */
export interface MediaSectionInit {
  state: PlayerState
  host: HostConnection
  banner: Banner
  colors: ChunkColors
  /** The whole player. */
  root: HTMLElement
  ask(name: 'join' | 'openInBrowser' | 'maximize'): void
}

/** Video or sound: the picture, the position and the buttons. */
export class MediaSection {
  readonly elements: HTMLElement[]
  readonly #init: MediaSectionInit
  readonly #media: HTMLMediaElement
  readonly #playback: Playback
  readonly #stage: Stage
  readonly #scrub: ScrubBar
  #chunks: PlayerChunks = { states: '', holders: '' }
  #network: NetworkState = 'stopped'
  #waitingSince: number | undefined

  constructor(init: MediaSectionInit) {
    this.#init = init
    const { state, host, banner, colors } = init
    this.#media = mediaElement(state)
    this.#playback = new Playback(this.#media, state.video, host, text => banner.show(text))
    const captions = new CaptionChoice(this.#media, state.captions, state.preferences.captions)
    const isVideo = this.#media instanceof HTMLVideoElement
    const shortcuts = shortcutsFor(isVideo)
    const help = new Help(shortcuts)
    const actions = this.#actions(captions, help)
    this.#stage = new Stage(this.#media, {
      togglePlay: () => actions.togglePlay(),
      toggleFullscreen: () => actions.toggleFullscreen(),
      join: () => init.ask('join')
    })
    this.#scrub = new ScrubBar(colors, seconds => actions.seekTo(seconds))
    const controls = new Controls({
      media: this.#media,
      actions,
      captions,
      duration: () => this.#duration(),
      onPreferences: value => host.notify('preferences', value)
    })
    const bar = element('div', { class: 'bar' }, [this.#scrub.element, controls.element])
    this.elements = [this.#stage.element, bar, help.element]
    this.#follow()
    listenToKeys(shortcuts, actions)
    this.#listenForSilence()
    this.#playback.open(state.url, host.saved, state.resumeAt)
    if (host.saved === undefined && state.resumeAt !== undefined)
      this.#stage.bezel.tell(`Resumed at ${formatTime(state.resumeAt)}`)
  }

  showChunks(chunks: PlayerChunks): void {
    this.#chunks = chunks
    this.#scrub.showChunks(chunks)
    this.#updateWaiting()
  }

  showNetwork(network: NetworkState): void {
    this.#network = network
    this.#updateWaiting()
  }

  pause(): void {
    this.#playback.pause()
  }

  #actions(captions: CaptionChoice, help: Help): PlaybackActions {
    const { host, root, ask, state } = this.#init
    const media = this.#media
    return new PlaybackActions({
      playback: this.#playback,
      captions,
      frames: media instanceof HTMLVideoElement ? new FrameStepper(media, state.video.frameRate) : undefined,
      root,
      maximize: () => ask('maximize'),
      openInBrowser: () => this.#openInBrowser(),
      showHelp: () => help.toggle(),
      tell: text => this.#stage.bezel.tell(text),
      report: host.report
    })
  }

  /** The browser goes on where this player stood, and this one falls silent. */
  #openInBrowser(): void {
    this.#playback.pause()
    this.#playback.tellPosition()
    this.#init.ask('openInBrowser')
  }

  #follow(): void {
    const media = this.#media
    const position = (): void => this.#scrub.showPosition(media.currentTime, this.#duration())
    for (const name of ['timeupdate', 'durationchange', 'seeking', 'seeked'])
      media.addEventListener(name, position)
    const standing = (): void => {
      this.#stage.showStart(startButton(media))
      this.#stage.showBroken(media.error !== null)
      this.#updateWaiting()
    }
    const loading = ['waiting', 'canplay', 'loadedmetadata', 'error', 'emptied']
    for (const name of ['playing', 'pause', 'play', 'seeking', 'seeked', 'ended', ...loading])
      media.addEventListener(name, standing)
    position()
    standing()
  }

  /** Seconds, as the medium says once it is loaded, and as the video's facts say before. */
  #duration(): number {
    const { duration } = this.#media
    return Number.isFinite(duration) ? duration : (this.#init.state.video.durationSeconds ?? 0)
  }

  /** Explains a picture that stands still for longer than a moment. */
  #updateWaiting(): void {
    if (!isWaiting(this.#media)) {
      this.#waitingSince = undefined
      this.#stage.showWaiting(undefined)
      return
    }
    this.#waitingSince ??= performance.now()
    if (performance.now() - this.#waitingSince < waitingDelay) {
      setTimeout(() => this.#updateWaiting(), waitingDelay)
      return
    }
    this.#stage.showWaiting(waitingText(this.#chunks, this.#chunks.waitingFor, this.#network))
  }

  #listenForSilence(): void {
    const { state, banner } = this.#init
    const tell = (): void => banner.show(silentText)
    watchForSilence(this.#media, state.video, tell)
    if (!carriesAac(state.video)) return
    decodesAac().then(decoded => {
      if (decoded) return
      if (this.#media instanceof HTMLVideoElement) tell()
      else this.#playback.giveUp()
    }, this.#init.host.report)
  }
}

function mediaElement({ video, preferences, poster }: PlayerState): HTMLMediaElement {
  const attributes = { preload: 'auto', tabindex: '-1', ...(poster !== undefined && { poster }) }
  const media = element(video.kind === 'audio' ? 'audio' : 'video', { attributes })
  const { volume, muted, rate } = preferences
  return Object.assign(media, { volume, muted, defaultPlaybackRate: rate, playbackRate: rate })
}

/** None over a video that was paused on its way: who stops to look wants to see the picture. */
function startButton(media: HTMLMediaElement): 'play' | 'replay' | undefined {
  if (media.ended) return 'replay'
  const untouched = media.paused && media.played.length === 0
  return untouched && media.readyState >= HTMLMediaElement.HAVE_METADATA ? 'play' : undefined
}

/** It would play, or show the place it was sent to, if it had the data. */
function isWaiting(media: HTMLMediaElement): boolean {
  if (media.error !== null || media.ended) return false
  const lacksData = media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA
  return lacksData && (!media.paused || media.seeking || media.readyState < HTMLMediaElement.HAVE_METADATA)
}
