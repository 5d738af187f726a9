import { setImmediate } from 'node:timers/promises'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import type { HaveSource, Holder, HolderSession } from '../../../src/peer/download/chunk-holder.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { EventEmitter, type Unsubscribe } from '../../../src/peer/event-emitter.ts'
import { BusyError } from '../../../src/peer/exchange/busy-error.ts'
import type { SampleVideo } from './sample-video.ts'

/** What a holder does with one request, before it answers with the right bytes. */
export type Behaviour = (index: number, signal: AbortSignal) => Promise<Uint8Array | undefined>

/** A holder of a video, and the one session that a download has with it. */
export class FakeHolder implements HolderSession {
  readonly peerId: string
  readonly have: Bitfield
  readonly load = { active: 0, limit: 50 }
  readonly roundTripMilliseconds = 1
  /** Indices that were asked for, in order. */
  readonly asked: number[] = []
  /** Indices whose request was taken back. */
  readonly takenBack: number[] = []
  readonly video: SampleVideo
  maxInFlight = 12
  inFlight = 0
  isOpen = false
  isDead = false
  isSilent = false
  sessions = 0
  told: HaveSource | undefined
  behaviour: Behaviour | undefined
  #events = new EventEmitter<{ have: undefined; closed: undefined }>()
  #peers = new EventEmitter<{ peers: readonly Holder[] }>()
  #dying = new AbortController()

  constructor(peerId: string, video: SampleVideo, chunks?: readonly number[]) {
    this.peerId = peerId
    this.video = video
    this.have = chunks ? new Bitfield(video.manifest.count) : Bitfield.full(video.manifest.count)
    for (const index of chunks ?? []) this.have.add(index)
  }

  get closed(): boolean {
    return !this.isOpen
  }

  get lastByteAt(): number {
    return this.isSilent ? 0 : performance.now()
  }

  /** What `openSession` does with this holder. */
  open(): HolderSession {
    if (this.isDead) throw new PeerError('PEER_UNREACHABLE', 'Nobody answers there.')
    this.isOpen = true
    this.sessions++
    this.#dying = new AbortController()
    return this
  }

  /** Tells the download of other peers that fetch this video. */
  tellOf(...peerIds: string[]): void {
    this.#peers.emit(
      'peers',
      peerIds.map(peerId => ({ peerId, addresses: [] }))
    )
  }

  onPeers(listener: (peers: readonly Holder[]) => void): Unsubscribe {
    return this.#peers.on('peers', listener)
  }

  /** As if the process was killed. */
  die(): void {
    this.isDead = true
    this.isOpen = false
    this.#dying.abort(new PeerError('PEER_UNREACHABLE', 'The stream to a peer is over.'))
    this.#events.emit('closed', undefined)
  }

  gain(index: number): void {
    this.have.add(index)
    this.#events.emit('have', undefined)
  }

  on(event: 'have' | 'closed', listener: () => void): Unsubscribe {
    return this.#events.on(event, listener)
  }

  canRequest(): boolean {
    return this.isOpen && this.inFlight < this.maxInFlight
  }

  async request(
    index: number,
    length: number,
    { signal, onProgress }: { signal: AbortSignal; onProgress?(received: number): void }
  ): Promise<Uint8Array> {
    this.asked.push(index)
    this.inFlight++
    const either = AbortSignal.any([signal, this.#dying.signal])
    try {
      const answer =
        (await this.behaviour?.(index, either)) ?? Uint8Array.from(this.video.sealed[index] ?? [])
      await setImmediate(undefined, { signal: either })
      if (!answer || answer.length !== length) throw new PeerError('CHUNK_INVALID', 'A wrong length.')
      onProgress?.(length)
      return answer
    } catch (error) {
      if (!either.aborted) throw error
      if (signal.aborted) this.takenBack.push(index)
      throw either.reason
    } finally {
      this.inFlight--
    }
  }

  async manifest(): Promise<Uint8Array> {
    this.#requireAlive()
    return this.video.manifest.bytes
  }

  async leaves(): Promise<Uint8Array> {
    this.#requireAlive()
    return this.video.leaves
  }

  reportHave(source: HaveSource): void {
    this.told = source
  }

  async close(): Promise<void> {
    this.isOpen = false
  }

  #requireAlive(): void {
    if (this.isDead) throw new PeerError('PEER_UNREACHABLE', 'The stream to a peer is over.')
  }
}

/** Never answers; ends when the request is taken back or the holder dies. */
export const silence: Behaviour = (_index, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

/** Sends bytes of the right length that are wrong. */
export function lie(video: SampleVideo): Behaviour {
  return async index => {
    const forged = Buffer.from(video.sealed[index] ?? [])
    forged[7] = (forged[7] ?? 0) ^ 1
    return forged
  }
}

/** Is busy the first `times` times. */
export function busyFirst(times: number, retryAfter: number): Behaviour {
  let left = times
  return async () => {
    if (left-- > 0) throw new BusyError(retryAfter)
    return undefined
  }
}

/** Answers after so many milliseconds. */
export function slow(milliseconds: number): Behaviour {
  return (_index, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(undefined), milliseconds)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
    })
}
