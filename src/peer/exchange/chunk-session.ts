import { BufferPool } from '../buffer-pool.ts'
import type { CancelTimer, Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import { HASH_LENGTH } from '../content/merkle-tree.ts'
import { PeerError } from '../errors.ts'
import { EventEmitter, type Unsubscribe } from '../event-emitter.ts'
import type { MessageChannel } from '../wire/frame-channel.ts'
import type { Message } from '../wire/frame-codec.ts'
import {
  type ChunkAnswer,
  MAX_LEAVES_PER_PAGE,
  MAX_PEER_ADDRESSES,
  parseAnswer,
  type SliceMessage
} from './chunk-messages.ts'
import { timedOut, withDeadline } from './deadline.ts'
import { HaveReporter, type HaveSource } from './have-reporter.ts'
import type { IntroducedPeer } from './introductions.ts'
import { PendingChunk } from './pending-chunk.ts'
import { outOfTurn, PendingRequests, type RequestedAnswer } from './pending-requests.ts'
import { RemoteHave } from './remote-have.ts'
import type { TokenBucket } from './token-bucket.ts'

/** Chunk bytes asked for and not yet here, at most, on one stream. */
export const MAX_IN_FLIGHT_BYTES = 3 * 1024 * 1024
/** Under a download limit no more is asked for than passes in this time. */
const LIMITED_IN_FLIGHT_MILLISECONDS = 500
/** For the manifest, and for each page of leaves. */
const ANSWER_MILLISECONDS = 20_000
/** A peer that owes us something and sends nothing for so long is given up. */
const STALL_MILLISECONDS = 60_000
/** For our own half to end in good order: whoever pauses or leaves is not kept waiting by a peer that takes nothing. */
const CLOSING_MILLISECONDS = 200
/** For the other side to end its half after ours. */
const REMOTE_CLOSING_MILLISECONDS = 2_000

/** Buffers of chunks kept for the next ones. */
const SPARE_BUFFERS = 4

/** How busy the other side says it is: chunk transfers under way, of how many at most. */
export interface PeerLoad {
  active: number
  limit: number
}

interface ChunkSessionEvents {
  /** Chunks that the other side has gained. */
  have: readonly number[]
  /** What may be asked for has changed. */
  offer: undefined
  peers: readonly IntroducedPeer[]
  /** The session is over; undefined when in good order. */
  closed: PeerError | undefined
}

export interface ChunkSessionInit {
  channel: MessageChannel
  remotePeerId: string
  /** What the other side holds at the start. */
  have: Bitfield
  /** As measured while the stream was opened. */
  roundTripMilliseconds?: number | undefined
  clock: Clock
  downloadLimiter: TokenBucket
  /** Where others that fetch this video may dial this peer; they are told once it has something to give. */
  ownAddresses?(): readonly string[]
  /** Chunk payload that has just arrived. */
  onReceived?(bytes: number): void
  /** Memory that a chunk is put together in; of its own by default. */
  allocate?(bytes: number): Uint8Array
  /** Called with what came of a slice once it has been copied: nobody looks at these bytes any more. */
  release?(bytes: Uint8Array): void
}

export interface ChunkRequestOptions {
  /** Aborting sends CANCEL. */
  signal: AbortSignal
  /** Called for each slice with the bytes of the chunk that are here. */
  onProgress?(received: number): void
}

/** The asking side of one opened stream: one video, one peer. See `openChunkSession`. */
export class ChunkSession {
  readonly remotePeerId: string
  readonly #init: ChunkSessionInit
  readonly #events = new EventEmitter<ChunkSessionEvents>()
  readonly #stopping = new AbortController()
  readonly #remoteHave: RemoteHave
  readonly #requests: PendingRequests
  readonly #buffers = new BufferPool(SPARE_BUFFERS)
  #inFlightBytes = 0
  #lastByteAt: number
  #answers = 0
  #isThrottled = false
  #offered: Set<number> | undefined
  #load: PeerLoad = { active: 0, limit: 1 }
  #reporter: HaveReporter | undefined
  #cancelWatch: CancelTimer | undefined
  #isClosed = false

  constructor(init: ChunkSessionInit) {
    this.#init = init
    this.remotePeerId = init.remotePeerId
    this.#remoteHave = new RemoteHave(init.have)
    this.#requests = new PendingRequests(message => this.#post(message))
    this.#lastByteAt = init.clock.monotonic()
    void this.#receiveAll()
  }

  /** As measured while the stream was opened. */
  get roundTripMilliseconds(): number | undefined {
    return this.#init.roundTripMilliseconds
  }

  /** What the other side holds. Live; do not change it. */
  get have(): Bitfield {
    return this.#remoteHave.have
  }

  /** Chunks that the other side wants to be asked for, unless a player waits for another one; undefined: any. */
  get offered(): ReadonlySet<number> | undefined {
    return this.#offered
  }

  get load(): PeerLoad {
    return this.#load
  }

  /** Monotonic time of the last byte from the other side; now, while our own limit holds it back. */
  get lastByteAt(): number {
    return this.#isThrottled ? this.#init.clock.monotonic() : this.#lastByteAt
  }

  get closed(): boolean {
    return this.#isClosed
  }

  on<Name extends keyof ChunkSessionEvents>(
    event: Name,
    listener: (value: ChunkSessionEvents[Name]) => void
  ): Unsubscribe {
    return this.#events.on(event, listener)
  }

  /** Calls `listener` with other peers that fetch this video, as the other side says. */
  onPeers(listener: (peers: readonly IntroducedPeer[]) => void): Unsubscribe {
    return this.#events.on('peers', listener)
  }

  /** The exact bytes of the manifest; not verified. @throws PeerError */
  manifest(signal: AbortSignal): Promise<Uint8Array> {
    return this.#fetch('manifest', {}, signal)
  }

  /**
   * The concatenated leaves of a video of `count` chunks; their number is checked, their root is not.
   * @throws PeerError LEAVES_INVALID
   */
  async leaves(count: number, signal: AbortSignal): Promise<Uint8Array> {
    const leaves = new Uint8Array(count * HASH_LENGTH)
    for (let first = 0; first < count; first += MAX_LEAVES_PER_PAGE) {
      const length = Math.min(MAX_LEAVES_PER_PAGE, count - first)
      const page = await this.#fetch('leaves', { first, count: length }, signal)
      if (page.length !== length * HASH_LENGTH) {
        throw new PeerError('LEAVES_INVALID', 'A peer sent a wrong number of leaves. Another peer is tried.')
      }
      leaves.set(page, first * HASH_LENGTH)
    }
    return leaves
  }

  /** Whether one more chunk of this many bytes may be asked for now. One chunk always may. */
  canRequest(sealedLength: number): boolean {
    if (this.#isClosed) return false
    return this.#inFlightBytes === 0 || this.#inFlightBytes + sealedLength <= this.#maxInFlightBytes()
  }

  /**
   * Ciphertext and tag of one chunk; its length is checked, its hash is not.
   * @throws BusyError; PeerError CHUNK_UNAVAILABLE, CHUNK_INVALID, PEER_UNREACHABLE, TIMEOUT, INTERNAL when more is in flight
   * than `canRequest` allows; the signal's reason when aborted
   */
  request(index: number, sealedLength: number, options: ChunkRequestOptions): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(sessionOver())
    if (!this.canRequest(sealedLength)) {
      return Promise.reject(new PeerError('INTERNAL', 'Too much was asked of one peer at once. Try again.'))
    }
    const chunk = new PendingChunk(sealedLength, bytes => this.#allocate(bytes))
    this.#inFlightBytes += sealedLength
    const answered = this.#requests.ask({ type: 'want', index }, options.signal, answer => {
      const sealed = chunk.add(expectSlice(answer))
      options.onProgress?.(chunk.received)
      return sealed
    })
    this.#watch()
    return answered.finally(() => {
      this.#inFlightBytes -= sealedLength
    })
  }

  /** Takes back the bytes that `request` gave, once nobody looks at them any more, for a later chunk. */
  recycle(sealed: Uint8Array): void {
    if (!this.#init.allocate) this.#buffers.give(sealed)
  }

  /** Tells the other side what this peer holds, from now on until the session ends. */
  reportHave(source: HaveSource): void {
    if (this.#reporter || this.#isClosed) return
    this.#reporter = new HaveReporter({
      source,
      clock: this.#init.clock,
      // Who holds everything may be sharing out first copies, and goes by what has arrived.
      isAwaited: () => this.#remoteHave.have.isFull,
      send: message => this.#send(message)
    })
    this.#reporter.start().catch(error => this.#fail(error))
    this.#post({ type: 'reachable', addresses: this.#ownAddresses() })
  }

  /** Ends the session at once, within 200 ms in good order if it can be; what is pending rejects with ABORTED. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#end(undefined)
    const { channel, clock } = this.#init
    try {
      await withDeadline(clock, CLOSING_MILLISECONDS, this.#stopping.signal, signal => channel.close(signal))
      // The other side ends its half when it sees ours; one that does not is cut.
      clock.after(REMOTE_CLOSING_MILLISECONDS, () => channel.abort(sessionOver()))
    } catch (error) {
      channel.abort(error instanceof Error ? error : sessionOver())
    }
  }

  #ownAddresses(): readonly string[] {
    return (this.#init.ownAddresses?.() ?? []).slice(0, MAX_PEER_ADDRESSES)
  }

  async #fetch(type: 'manifest' | 'leaves', fields: Message, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#isClosed) throw sessionOver()
    return withDeadline(this.#init.clock, ANSWER_MILLISECONDS, signal, deadline =>
      this.#requests.ask({ type: `${type}-request`, ...fields }, deadline, answer => {
        if (answer.type === type) return answer.data
        throw outOfTurn()
      })
    )
  }

  #allocate(bytes: number): Uint8Array {
    return this.#init.allocate?.(bytes) ?? this.#buffers.take(bytes)
  }

  #post(message: Message): void {
    this.#send(message).catch(error => this.#fail(error))
  }

  async #send(message: Message): Promise<void> {
    const { clock, channel } = this.#init
    this.#stopping.signal.throwIfAborted()
    if (channel.post(message)) return
    await withDeadline(clock, STALL_MILLISECONDS, this.#stopping.signal, signal => channel.drained(signal))
  }

  async #receiveAll(): Promise<void> {
    const { channel } = this.#init
    try {
      for (;;) {
        const message = await channel.receive(this.#stopping.signal)
        if (!message) break
        const answer = parseAnswer(message)
        if (answer && !this.#isClosed) await this.#take(answer)
      }
      if (!this.#isClosed) this.#fail(new PeerError('PEER_UNREACHABLE', 'A peer stopped serving this video.'))
    } catch (error) {
      this.#fail(error)
    }
  }

  async #take(answer: ChunkAnswer): Promise<void> {
    this.#lastByteAt = this.#init.clock.monotonic()
    this.#answers++
    switch (answer.type) {
      case 'have':
      case 'have-more':
        return this.#events.emit('have', this.#remoteHave.apply(answer))
      case 'offer':
        this.#offered ??= new Set()
        for (const index of answer.indices) this.#offered.add(index)
        return this.#events.emit('offer', undefined)
      case 'offer-all':
        this.#offered = undefined
        return this.#events.emit('offer', undefined)
      case 'peers':
        return this.#events.emit('peers', answer.peers)
      case 'load':
        this.#load = { active: answer.active, limit: answer.limit }
        return
      case 'slice':
        await this.#throttle(answer)
    }
    this.#requests.answer(answer)
    if (answer.type === 'slice') this.#release(answer)
  }

  #release({ data }: SliceMessage): void {
    const { release } = this.#init
    if (!release) return
    if (data instanceof Uint8Array) release(data)
    else for (const piece of data) release(piece)
  }

  // Not reading is what holds the other side back: the channel pauses, and the stream's window fills up.
  async #throttle({ data }: SliceMessage): Promise<void> {
    const { downloadLimiter, clock, onReceived } = this.#init
    if (downloadLimiter.rate > 0) {
      this.#isThrottled = true
      await downloadLimiter.take(data.length, this.#stopping.signal)
      this.#isThrottled = false
      this.#lastByteAt = clock.monotonic()
    }
    onReceived?.(data.length)
  }

  #maxInFlightBytes(): number {
    const { rate } = this.#init.downloadLimiter
    if (rate === 0) return MAX_IN_FLIGHT_BYTES
    return Math.min(MAX_IN_FLIGHT_BYTES, (rate * LIMITED_IN_FLIGHT_MILLISECONDS) / 1000)
  }

  #watch(): void {
    if (this.#cancelWatch || this.#isClosed || this.#requests.size === 0) return
    const answersBefore = this.#answers
    this.#cancelWatch = this.#init.clock.after(STALL_MILLISECONDS, () => {
      this.#cancelWatch = undefined
      const isSilent = this.#answers === answersBefore && !this.#isThrottled
      if (this.#requests.size > 0 && isSilent) this.#fail(timedOut())
      else this.#watch()
    })
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    const cause = error instanceof PeerError ? error : sessionOver(error)
    this.#init.channel.abort(cause)
    this.#end(cause)
  }

  #end(error: PeerError | undefined): void {
    this.#isClosed = true
    this.#cancelWatch?.()
    this.#reporter?.stop()
    const reason = error ?? new PeerError('ABORTED', 'Cancelled.')
    this.#requests.rejectAll(reason)
    if (error) this.#stopping.abort(error)
    this.#events.emit('closed', error)
  }
}

function expectSlice(answer: RequestedAnswer): SliceMessage {
  if (answer.type === 'slice') return answer
  throw outOfTurn()
}

function sessionOver(cause?: unknown): PeerError {
  return new PeerError('PEER_UNREACHABLE', 'The stream to a peer is over. Another peer is tried.', { cause })
}
