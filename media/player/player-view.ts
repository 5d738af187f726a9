import { countOf, percentOf } from '../../src/shared/format.ts'
import type {
  NetworkState,
  PlayerChunks,
  PlayerPeer,
  PlayerRequestName,
  PlayerState,
  PlayerVideo
} from '../../src/shared/player-protocol.ts'
import { waitingText } from '../../src/shared/waiting-text.ts'
import { element, setText } from '../element.ts'
import { Banner } from './banner.ts'
import { ChunkColors } from './chunk-colors.ts'
import { ChunkGrid } from './chunk-grid.ts'
import { Controls, type PlaybackActions } from './controls.ts'
import { Details, PeerList } from './details.ts'
import type { HostConnection } from './host-connection.ts'
import { listenToKeys } from './keyboard.ts'
import { Playback } from './playback.ts'
import { ScrubBar } from './scrub-bar.ts'
import { Stage } from './stage.ts'

/** Milliseconds between two announcements to screen readers. */
const announceInterval = 5000
/** Milliseconds of standing still before it is explained. */
const waitingDelay = 300

/** The whole player: puts the parts together and passes on what the host tells. */
export class PlayerView {
  readonly #root: HTMLElement
  readonly #host: HostConnection
  readonly #banner: Banner
  readonly #colors = new ChunkColors()
  readonly #grid = new ChunkGrid(this.#colors)
  readonly #details: Details
  readonly #peerList = new PeerList()
  readonly #announcer = element('div', { class: 'announcer', attributes: { 'aria-live': 'polite' } })
  #stage: Stage | undefined
  #scrub: ScrubBar | undefined
  #playback: Playback | undefined
  #chunks: PlayerChunks = { states: '', holders: '' }
  #network: NetworkState = 'stopped'
  #video: PlayerVideo | undefined
  #waitingSince: number | undefined

  constructor(root: HTMLElement, host: HostConnection) {
    this.#root = root
    this.#host = host
    this.#banner = new Banner(() => this.#ask('openInBrowser'))
    this.#details = new Details({
      copyId: () => this.#ask('copyId'),
      copyLink: () => this.#ask('copyLink'),
      openFolder: () => this.#ask('openFolder'),
      pause: () => this.#ask('pause'),
      resume: () => this.#ask('resume')
    })
  }

  /** Draws everything and begins to play. */
  begin(state: PlayerState): void {
    const content = state.video.kind === 'image' ? this.#image(state) : this.#mediaParts(state)
    const chunks = element('section', {}, [element('h2', { text: 'Chunks' }), this.#grid.element])
    const columns = element('div', { class: 'columns' }, [chunks, this.#peerList.element])
    this.#root.replaceChildren(
      this.#banner.element,
      ...content,
      this.#details.element,
      columns,
      this.#announcer
    )
    this.showNetwork(state.network)
    this.showVideo(state.video)
    this.showPeers(state.peers)
    this.showChunks(state.chunks)
    setInterval(() => this.#announce(), announceInterval)
  }

  showVideo(video: PlayerVideo): void {
    this.#video = video
    this.#details.show(video, this.#network)
  }

  showChunks(chunks: PlayerChunks): void {
    this.#chunks = chunks
    this.#grid.showChunks(chunks)
    this.#scrub?.showChunks(chunks)
    this.#updateWaiting()
  }

  showPeers(peers: PlayerPeer[]): void {
    this.#peerList.show(peers)
  }

  showNetwork(network: NetworkState): void {
    this.#network = network
    if (this.#video !== undefined) this.#details.show(this.#video, network)
    this.#updateWaiting()
  }

  /** One sentence in place of the player. */
  showMessage(text: string): void {
    this.#root.replaceChildren(element('p', { class: 'message', text, attributes: { role: 'status' } }))
  }

  #image(state: PlayerState): HTMLElement[] {
    const image = element('img', { attributes: { src: state.url, alt: state.video.name } })
    image.addEventListener('error', () => this.#banner.show('The picture could not be shown.'))
    this.#host.save({ digest: state.video.digest, position: 0, paused: true })
    return [
      new Stage(
        'image',
        image,
        () => undefined,
        () => this.#ask('join')
      ).element
    ]
  }

  #mediaParts(state: PlayerState): HTMLElement[] {
    const kind = state.video.kind === 'audio' ? 'audio' : 'video'
    const media = element(kind, { attributes: { preload: 'auto', tabindex: '-1' } })
    const { volume, muted, rate } = state.preferences
    Object.assign(media, { volume, muted, defaultPlaybackRate: rate, playbackRate: rate })
    const playback = new Playback(media, state.video, this.#host, text => this.#banner.show(text))
    this.#playback = playback
    const actions = this.#actions(media, playback)
    const stage = new Stage(
      kind,
      media,
      () => actions.togglePlay(),
      () => this.#ask('join')
    )
    const scrub = new ScrubBar(this.#colors, seconds => {
      media.currentTime = seconds
    })
    this.#stage = stage
    this.#scrub = scrub
    const controls = new Controls(media, actions, value => this.#host.notify('preferences', value))
    this.#watch(media, stage, scrub)
    listenToKeys(media, actions)
    playback.open(state.url, this.#host.saved)
    return [stage.element, element('div', { class: 'bar' }, [scrub.element, controls.element])]
  }

  #watch(media: HTMLMediaElement, stage: Stage, scrub: ScrubBar): void {
    const position = (): void => scrub.showPosition(media.currentTime, media.duration)
    for (const name of ['timeupdate', 'durationchange', 'seeking', 'seeked'])
      media.addEventListener(name, position)
    const standing = (): void => {
      stage.showStart(media.paused && media.readyState >= HTMLMediaElement.HAVE_METADATA)
      this.#updateWaiting()
    }
    const events = [
      'waiting',
      'playing',
      'pause',
      'play',
      'canplay',
      'seeking',
      'seeked',
      'loadedmetadata',
      'ended',
      'error'
    ]
    for (const name of events) media.addEventListener(name, standing)
    position()
    standing()
  }

  /** Explains a picture that stands still for longer than a moment. */
  #updateWaiting(): void {
    const media = this.#playback?.media
    if (media === undefined || !isWaiting(media)) {
      this.#waitingSince = undefined
      this.#stage?.showWaiting(undefined)
      return
    }
    this.#waitingSince ??= performance.now()
    if (performance.now() - this.#waitingSince < waitingDelay) {
      setTimeout(() => this.#updateWaiting(), waitingDelay)
      return
    }
    this.#stage?.showWaiting(waitingText(this.#chunks, this.#chunks.waitingFor, this.#network))
  }

  #actions(media: HTMLMediaElement, playback: Playback): PlaybackActions {
    const report = (error: unknown): void =>
      this.#host.notify('problem', { message: String(error).slice(0, 500) })
    return {
      togglePlay: () => (media.paused ? void playback.play() : playback.pause()),
      toggleMute: () => {
        media.muted = !media.muted
      },
      togglePictureInPicture: () => {
        if (!(media instanceof HTMLVideoElement) || !document.pictureInPictureEnabled) return
        const shown = document.pictureInPictureElement === media
        const change = shown ? document.exitPictureInPicture() : media.requestPictureInPicture()
        change.then(undefined, report)
      },
      toggleFullscreen: () => {
        if (!document.fullscreenEnabled) return
        const change =
          document.fullscreenElement === null ? this.#root.requestFullscreen() : document.exitFullscreen()
        change.then(undefined, report)
      },
      openInBrowser: () => this.#ask('openInBrowser')
    }
  }

  #ask(name: Exclude<PlayerRequestName, 'ready' | 'source'>): void {
    this.#host.request(name).catch((error: unknown) => {
      this.#banner.show(error instanceof Error ? error.message : String(error))
    })
  }

  #announce(): void {
    if (this.#video === undefined || this.#video.complete) return
    const { have, chunks, holders } = this.#video
    setText(this.#announcer, `${percentOf(have, chunks)} percent received, ${countOf(holders, 'holder')}`)
  }
}

/** It would play, or show the place it was sent to, if it had the data. */
function isWaiting(media: HTMLMediaElement): boolean {
  if (media.error !== null || media.ended) return false
  const lacksData = media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA
  return lacksData && (!media.paused || media.seeking || media.readyState < HTMLMediaElement.HAVE_METADATA)
}
