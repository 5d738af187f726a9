import { codecNames } from '../../src/shared/codec-names.ts'
import { countOf, formatBytes, formatRate, formatTime, percentOf } from '../../src/shared/format.ts'
import type { NetworkState, PlayerPeer, PlayerVideo } from '../../src/shared/player-protocol.ts'
import { element, setText } from '../element.ts'
import { IconButton } from '../ui.ts'

const stateWords: Record<string, string> = {
  preparing: 'Preparing',
  sharing: 'Sharing',
  stale: 'File changed',
  finding: 'Finding peers',
  asking: 'Asking for the key',
  transferring: 'Downloading',
  paused: 'Paused',
  verifying: 'Verifying',
  complete: 'Complete',
  failed: 'Failed'
}

/** What the buttons beside the name do. */
export interface DetailActions {
  copyId(): void
  copyLink(): void
  openFolder(): void
  saveVideo(): void
  saveAs(): void
  pause(): void
  resume(): void
}

/** Name, state and rates of the video. */
export class Details {
  readonly element: HTMLElement
  readonly #name = element('h1')
  readonly #state = element('span', { class: 'badge' })
  readonly #failure = element('p', { class: 'failure', attributes: { role: 'status' } })
  readonly #progress = element('progress', { attributes: { max: '100', 'aria-label': 'Received' } })
  readonly #facts = new Map<string, HTMLElement>()
  readonly #transfer: IconButton
  readonly #openFolder: IconButton
  readonly #save: IconButton
  #resumable = false

  constructor(actions: DetailActions) {
    this.#transfer = new IconButton({
      icon: 'debug-pause',
      label: 'Pause Download',
      onClick: () => (this.#resumable ? actions.resume() : actions.pause())
    })
    this.#save = new IconButton({ icon: 'save', label: 'Save Video', onClick: () => actions.saveVideo() })
    this.#openFolder = new IconButton({
      icon: 'folder-opened',
      label: 'Open Folder',
      onClick: () => actions.openFolder()
    })
    const buttons = element('div', { class: 'group' }, [
      this.#transfer.element,
      this.#save.element,
      new IconButton({ icon: 'copy', label: 'Copy ID', onClick: () => actions.copyId() }).element,
      new IconButton({ icon: 'link', label: 'Copy Link', onClick: () => actions.copyLink() }).element,
      new IconButton({ icon: 'save-as', label: 'Save As…', onClick: () => actions.saveAs() }).element,
      this.#openFolder.element
    ])
    const heading = element('div', { class: 'heading' }, [this.#name, this.#state, buttons])
    const facts = element('dl', { class: 'facts' })
    for (const name of factNames) facts.append(this.#fact(name))
    this.element = element('header', {}, [heading, this.#progress, facts, this.#failure])
  }

  show(video: PlayerVideo, network: NetworkState): void {
    setText(this.#name, video.name)
    this.#name.title = video.name
    const offline = video.state === 'sharing' && network !== 'joined'
    setText(this.#state, offline ? 'Offline' : badgeOf(video))
    this.#state.dataset.state = video.state
    setText(this.#failure, video.failure ?? '')
    this.#failure.hidden = video.failure === undefined
    this.#progress.value = percentOf(video.have, video.chunks)
    this.#progress.hidden = video.complete
    this.#showFacts(video)
    this.#showTransfer(video)
  }

  #showFacts(video: PlayerVideo): void {
    for (const [name, value] of Object.entries(factsOf(video))) {
      const target = this.#facts.get(name)
      if (target === undefined) continue
      setText(target, value ?? '')
      if (target.parentElement !== null) target.parentElement.hidden = value === undefined
    }
  }

  #showTransfer({ origin, complete, state, watchOnly }: PlayerVideo): void {
    this.#openFolder.element.hidden = watchOnly === true
    this.#save.element.hidden = watchOnly !== true
    this.#resumable = state === 'paused' || state === 'failed'
    this.#transfer.element.hidden = origin === 'shared' || complete
    if (this.#resumable) this.#transfer.show('debug-continue', 'Resume Download')
    else this.#transfer.show('debug-pause', 'Pause Download')
  }

  #fact(name: string): HTMLElement {
    const value = element('dd')
    this.#facts.set(name, value)
    return element('div', {}, [element('dt', { text: name }), value])
  }
}

function badgeOf({ state, watchOnly }: PlayerVideo): string {
  const words = stateWords[state] ?? state
  if (!watchOnly) return words
  return state === 'transferring' ? 'Not saved' : `${words} · not saved`
}

const factNames = ['Received', 'Down', 'Up', 'Holders', 'Length', 'Picture', 'Codecs', 'Size'] as const

/** The facts in words; undefined for what is not known or of no interest now. */
export function factsOf(video: PlayerVideo): Record<(typeof factNames)[number], string | undefined> {
  const { have, chunks, complete, durationSeconds, downloadBytesPerSecond, uploadBytesPerSecond } = video
  return {
    Received: complete ? undefined : `${percentOf(have, chunks)} % · ${have} of ${countOf(chunks, 'chunk')}`,
    Down: complete ? undefined : formatRate(downloadBytesPerSecond),
    Up: uploadBytesPerSecond > 0 ? formatRate(uploadBytesPerSecond) : undefined,
    Holders: countOf(video.holders, 'peer'),
    Length: durationSeconds === undefined ? undefined : formatTime(durationSeconds),
    Picture: pictureFacts(video),
    Codecs: video.codecs && codecNames(video.codecs),
    Size: formatBytes(video.bytes)
  }
}

function pictureFacts({ width, height, frameRate }: PlayerVideo): string | undefined {
  if (width === undefined || height === undefined) return undefined
  const rate = frameRate === undefined ? '' : ` · ${Number(frameRate.toFixed(2))} fps`
  return `${width} × ${height}${rate}`
}

/** The peers that hold parts of the video. */
export class PeerList {
  readonly element: HTMLElement
  readonly #list = element('ul', { class: 'peers' })
  readonly #empty = element('p', { class: 'quiet', text: 'No connected peer holds parts of this video now.' })

  constructor() {
    this.element = element('section', {}, [element('h2', { text: 'Peers' }), this.#list, this.#empty])
  }

  show(peers: readonly PlayerPeer[]): void {
    this.#empty.hidden = peers.length > 0
    this.#list.replaceChildren(...peers.map(peerRow))
  }
}

function peerRow(peer: PlayerPeer): HTMLElement {
  const percent = percentOf(peer.have, peer.chunks)
  const facts = [peer.address]
  if (peer.roundTripMilliseconds !== undefined) facts.push(`${Math.round(peer.roundTripMilliseconds)} ms`)
  if (peer.path === 'relay' && !peer.address.includes('relay')) facts.push('relay')
  const rate = peer.downloadBytesPerSecond > 0 ? formatRate(peer.downloadBytesPerSecond) : ''
  const meter = element('progress', {
    attributes: { max: '100', value: String(percent), 'aria-label': `Holds ${percent} percent` }
  })
  return element('li', {}, [
    element('span', { class: 'peer-name', text: peer.name }),
    element('span', { class: 'quiet', text: facts.join(' · ') }),
    element('span', { class: 'peer-rate', text: rate }),
    meter
  ])
}
