import type {
  ChunkMap,
  ConnectedPeerSnapshot,
  PeerApi,
  PeerEventName,
  PeerEvents,
  PeerStatus,
  VideoSnapshot
} from '../../../src/peer/api.ts'
import type { OpenedPeer } from '../../../src/peer/control/open-peer.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { EventEmitter, type Unsubscribe } from '../../../src/peer/event-emitter.ts'

const unsupported = (): Promise<never> =>
  Promise.reject(new PeerError('NOT_SUPPORTED', 'The fake does not do this.'))

/** A video with plain values; a test names what matters to it. */
export function fakeVideo(values: Partial<VideoSnapshot> = {}): VideoSnapshot {
  return {
    digest: 'd'.repeat(64),
    id: `bafyreia${'a'.repeat(51)}`,
    name: 'sample.webm',
    mimeType: 'video/webm',
    bytes: 1024 * 1024,
    chunkSize: 256 * 1024,
    chunks: 4,
    have: 2,
    origin: 'fetched',
    state: 'transferring',
    policy: 'open',
    holders: 3,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    addedAt: 1,
    ...values
  }
}

/** A connected peer with plain values. */
export function fakePeer(values: Partial<ConnectedPeerSnapshot> = {}): ConnectedPeerSnapshot {
  return {
    peerId: 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    address: '/ip4/192.168.1.20/tcp/4001/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    path: 'direct',
    roundTripMilliseconds: 12.4,
    inRing: true,
    holds: [],
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    ...values
  }
}

/** The status of a peer in a ring of one. */
export function fakeStatus(values: Partial<PeerStatus> = {}): PeerStatus {
  return {
    state: 'joined',
    peerId: 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    addresses: ['/ip4/192.168.1.5/tcp/4001/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'],
    dataFolder: '/data',
    uploadBytesPerSecond: 0,
    downloadBytesPerSecond: 0,
    sentBytes: 0,
    receivedBytes: 0,
    connections: 0,
    ...values
  }
}

/** A chunk map from its digits. */
export function fakeMap(states: string, holders: string, values: Partial<ChunkMap> = {}): ChunkMap {
  const chunks = states.length
  return { digest: 'd'.repeat(64), chunks, chunkSize: 1024, bytes: chunks * 1024, states, holders, ...values }
}

/** A peer that a test drives by hand: it answers from its fields, and `emit` plays its events. */
export class FakePeerApi implements PeerApi {
  current: PeerStatus = fakeStatus({ state: 'stopped' })
  library: VideoSnapshot[] = []
  connected: ConnectedPeerSnapshot[] = []
  /** What was called, in order. */
  readonly calls: string[] = []
  /** Replaces what `join` does. */
  onJoin: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve()
  readonly #events = new EventEmitter<PeerEvents>()

  emit<Name extends PeerEventName>(event: Name, value: PeerEvents[Name]): void {
    this.#events.emit(event, value)
  }

  on<Name extends PeerEventName>(event: Name, listener: (value: PeerEvents[Name]) => void): Unsubscribe {
    return this.#events.on(event, listener)
  }

  status(): Promise<PeerStatus> {
    return Promise.resolve(this.current)
  }

  videos(): Promise<VideoSnapshot[]> {
    return Promise.resolve([...this.library])
  }

  connectedPeers(): Promise<ConnectedPeerSnapshot[]> {
    return Promise.resolve([...this.connected])
  }

  async join(bootstrap: readonly string[], signal?: AbortSignal): Promise<PeerStatus> {
    this.calls.push(`join ${bootstrap.join(',')}`.trim())
    await this.onJoin(signal)
    this.current = { ...this.current, state: 'joined' }
    this.emit('status', this.current)
    return this.current
  }

  leave(): Promise<void> {
    this.calls.push('leave')
    this.current = { ...this.current, state: 'stopped' }
    this.emit('status', this.current)
    return Promise.resolve()
  }

  pause = unsupported
  resume = unsupported
  share = unsupported
  fetch = unsupported
  stopSharing = unsupported
  remove = unsupported
  chunkMap = unsupported
  inspect = unsupported
  poster = unsupported
  captions = unsupported
  link = unsupported
  lookup = unsupported
  catalogue = unsupported
  setListed = unsupported
  verify = unsupported
  streamUrl = unsupported
  streamOrigin = unsupported
  expectPlayer = unsupported
  allowStreamHost = unsupported
}

/** An opened peer around the fake. */
export class FakeOpenedPeer implements OpenedPeer {
  readonly api: FakePeerApi
  closed = 0

  constructor(api = new FakePeerApi()) {
    this.api = api
  }

  role(): 'owner' {
    return 'owner'
  }

  close(): Promise<void> {
    this.closed += 1
    return Promise.resolve()
  }
}
