import { countOf, percentOf } from '../../src/shared/format.ts'
import type {
  NetworkState,
  PlayerChunks,
  PlayerPeer,
  PlayerRequestName,
  PlayerState,
  PlayerVideo
} from '../../src/shared/player-protocol.ts'
import { element, setText } from '../element.ts'
import { Banner } from './banner.ts'
import { ChunkColors } from './chunk-colors.ts'
import { ChunkGrid } from './chunk-grid.ts'
import { Details, PeerList } from './details.ts'
import type { HostConnection } from './host-connection.ts'
import { MediaSection } from './media-section.ts'
import { FileSection, pictureSection } from './still-section.ts'

/** Milliseconds between two announcements to screen readers. */
const announceInterval = 5000

/** The whole player: puts the parts together and passes on what the host tells. */
export class PlayerView {
  readonly #root: HTMLElement
  readonly #host: HostConnection
  readonly #banner: Banner
  readonly #colors = new ChunkColors()
  readonly #grid = new ChunkGrid(this.#colors)
  readonly #details: Details
  readonly #peerList = new PeerList()
  readonly #awaited = element('p', { attributes: { role: 'status' } })
  readonly #announcer = element('div', { class: 'announcer', attributes: { 'aria-live': 'polite' } })
  #media: MediaSection | undefined
  #file: FileSection | undefined
  #network: NetworkState = 'stopped'
  #video: PlayerVideo | undefined

  constructor(root: HTMLElement, host: HostConnection) {
    this.#root = root
    this.#host = host
    this.#banner = new Banner(() => this.#ask('openInBrowser'))
    this.#details = new Details({
      copyId: () => this.#ask('copyId'),
      copyLink: () => this.#ask('copyLink'),
      openFolder: () => this.#ask('openFolder'),
      saveVideo: () => this.#ask('saveVideo'),
      saveAs: () => this.#ask('saveAs'),
      pause: () => this.#ask('pause'),
      resume: () => this.#ask('resume')
    })
  }

  /** Draws everything and begins to play. */
  begin(state: PlayerState): void {
    const chunks = element('section', {}, [element('h2', { text: 'Chunks' }), this.#grid.element])
    const columns = element('div', { class: 'columns' }, [chunks, this.#peerList.element])
    this.#root.replaceChildren(
      this.#banner.element,
      ...this.#content(state),
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
    this.#file?.show(video)
  }

  showChunks(chunks: PlayerChunks): void {
    this.#grid.showChunks(chunks)
    this.#media?.showChunks(chunks)
  }

  showPeers(peers: PlayerPeer[]): void {
    this.#peerList.show(peers)
  }

  showNetwork(network: NetworkState): void {
    this.#network = network
    if (this.#video !== undefined) this.#details.show(this.#video, network)
    this.#media?.showNetwork(network)
  }

  pause(): void {
    this.#media?.pause()
  }

  /** What is awaited, as long as there is nothing to show. */
  showAwaited(text: string): void {
    setText(this.#awaited, text)
    if (this.#awaited.isConnected) return
    const ring = element('div', { class: 'ring', attributes: { 'aria-hidden': 'true' } })
    this.#root.replaceChildren(element('main', { class: 'message' }, [ring, this.#awaited]))
  }

  #content(state: PlayerState): HTMLElement[] {
    const { kind, digest } = state.video
    if (kind === 'video' || kind === 'audio') {
      this.#media = new MediaSection({
        state,
        host: this.#host,
        banner: this.#banner,
        colors: this.#colors,
        root: this.#root,
        ask: name => this.#ask(name)
      })
      return this.#media.elements
    }
    this.#host.save({ digest, position: 0, paused: true })
    if (kind === 'image') return [pictureSection(state, text => this.#banner.show(text))]
    this.#file = new FileSection(state.video, () => this.#ask('saveAs'))
    return [this.#file.element]
  }

  #ask(name: Exclude<PlayerRequestName, 'source'>): void {
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
