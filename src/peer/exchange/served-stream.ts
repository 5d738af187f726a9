import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import { HASH_LENGTH } from '../content/merkle-tree.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { MessageChannel } from '../wire/frame-channel.ts'
import type { Message } from '../wire/frame-codec.ts'
import { type ChunkRequest, parseRequest } from './chunk-messages.ts'
import { ChunkSender } from './chunk-sender.ts'
import { withDeadline } from './deadline.ts'
import type { FairUplink } from './fair-uplink.ts'
import { HaveReporter } from './have-reporter.ts'
import type { IntroducedPeer } from './introductions.ts'
import { RemoteHave } from './remote-have.ts'
import type { ServedVideo } from './served-video.ts'
import type { TransferSlots } from './transfer-slots.ts'

/** A peer that takes nothing for so long is given up. */
const STALL_MILLISECONDS = 60_000
/** So is one that has said nothing for so long and waits for nothing. */
const SILENCE_MILLISECONDS = 300_000
/** Load is reported at most so often. */
const LOAD_INTERVAL = 1_000

export interface ServedStreamInit {
  channel: MessageChannel
  digest: Digest
  video: ServedVideo
  peerId: string
  slots: TransferSlots
  transferLimit: number
  /** Payload of one slice that the other side takes, in bytes. */
  sliceLimit: number
  uplink: FairUplink
  clock: Clock
  log: Logger
  onUploaded(bytes: number): void
  /** The peer was told what is here. */
  onStarted(): void
  /** The peer told what it holds: the first time, or `gained` more. */
  onPeerHave(have: Bitfield, gained: readonly number[]): void
  /** The peer asked for a chunk. */
  onWanted(index: number): void
  /** The peer can be dialled there. */
  onReachable(addresses: readonly string[]): void
}

/** The serving side of one opened stream. */
export class ServedStream {
  readonly #init: ServedStreamInit
  readonly #stopping = new AbortController()
  readonly #sender: ChunkSender
  readonly #reporter: HaveReporter
  readonly #remoteHave: RemoteHave
  #loadReportedAt = Number.NEGATIVE_INFINITY
  #loadReported = -1

  constructor(init: ServedStreamInit) {
    this.#init = init
    const send = (message: Message): Promise<void> => this.#send(message)
    this.#remoteHave = new RemoteHave(new Bitfield(init.video.have.length))
    this.#reporter = new HaveReporter({
      source: init.video,
      clock: init.clock,
      isAwaited: index => !this.#remoteHave.have.has(index),
      send
    })
    this.#sender = new ChunkSender({
      digest: init.digest,
      peerId: init.peerId,
      slots: init.slots,
      uplink: init.uplink,
      sliceLimit: init.sliceLimit,
      clock: init.clock,
      log: init.log,
      readSealed: (index, signal) => init.video.readSealed(index, signal),
      send,
      onUploaded: init.onUploaded,
      onBroken: error => this.stop(error)
    })
  }

  get peerId(): string {
    return this.#init.peerId
  }

  /** Serves until the other side ends its half. @throws what broke the stream, or the signal's reason */
  async run(signal: AbortSignal): Promise<void> {
    const forward = (): void => this.stop(signal.reason)
    signal.addEventListener('abort', forward, { once: true })
    try {
      signal.throwIfAborted()
      await this.#reporter.start()
      this.#init.onStarted()
      await this.#reportLoad()
      await this.#answerAll()
    } finally {
      signal.removeEventListener('abort', forward)
      this.#sender.stop()
      this.#reporter.stop()
    }
  }

  /** Tells the peer of others that fetch the same video. */
  introduce(peers: readonly IntroducedPeer[]): void {
    this.#tell({ type: 'peers', peers })
  }

  offer(indices: readonly number[]): void {
    this.#tell({ type: 'offer', indices })
  }

  offerAll(): void {
    this.#tell({ type: 'offer-all' })
  }

  /** Breaks the stream off. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason)
  }

  async #answerAll(): Promise<void> {
    for (;;) {
      const message = await this.#receive()
      if (!message) return
      const request = parseRequest(message)
      if (request) await this.#answer(request)
    }
  }

  async #receive(): Promise<Message | undefined> {
    const { clock, channel } = this.#init
    for (;;) {
      try {
        return await withDeadline(clock, SILENCE_MILLISECONDS, this.#stopping.signal, signal =>
          channel.receive(signal)
        )
      } catch (error) {
        // A peer that waits for a slow transfer has no reason to speak.
        const isPatient = error instanceof PeerError && error.code === 'TIMEOUT' && this.#sender.isBusy
        if (!isPatient) throw error
      }
    }
  }

  async #answer(message: ChunkRequest): Promise<void> {
    switch (message.type) {
      case 'manifest-request':
        return this.#send({ type: 'manifest', request: message.request, data: this.#init.video.manifest })
      case 'leaves-request':
        return this.#sendLeaves(message.request, message.first, message.count)
      case 'want':
        return this.#accept(message.request, message.index)
      case 'cancel':
        return this.#sender.cancel(message.request)
      case 'reachable':
        return this.#init.onReachable(message.addresses)
      case 'have':
      case 'have-more': {
        const gained = this.#remoteHave.apply(message)
        return this.#init.onPeerHave(this.#remoteHave.have, gained)
      }
    }
  }

  async #sendLeaves(request: number, first: number, count: number): Promise<void> {
    const { leaves } = this.#init.video
    const data = leaves.subarray(first * HASH_LENGTH, (first + count) * HASH_LENGTH)
    await this.#send({ type: 'leaves', request, data })
  }

  async #accept(request: number, index: number): Promise<void> {
    if (this.#sender.has(request)) {
      throw new PeerError('PROTOCOL_VIOLATION', 'A peer used one request number twice. It is cut off.')
    }
    if (!this.#init.video.have.has(index)) {
      return this.#send({ type: 'failed', request, code: 'CHUNK_UNAVAILABLE' })
    }
    if (this.#sender.enqueue(request, index)) {
      this.#init.onWanted(index)
      return this.#reportLoad()
    }
    await this.#reportLoad()
    await this.#send({ type: 'busy', request, retryAfter: this.#init.slots.retryAfter })
  }

  async #reportLoad(): Promise<void> {
    const { slots, transferLimit, clock } = this.#init
    const isDue = clock.monotonic() - this.#loadReportedAt >= LOAD_INTERVAL
    if (!isDue || slots.active === this.#loadReported) return
    this.#loadReportedAt = clock.monotonic()
    this.#loadReported = slots.active
    await this.#send({ type: 'load', active: slots.active, limit: transferLimit })
  }

  /** A message of its own accord: a stream that cannot take it has ended, or ends. */
  #tell(message: Message): void {
    this.#send(message).catch(error => this.stop(error))
  }

  async #send(message: Message): Promise<void> {
    const { clock, channel } = this.#init
    this.#stopping.signal.throwIfAborted()
    if (channel.post(message)) return
    await withDeadline(clock, STALL_MILLISECONDS, this.#stopping.signal, signal => channel.drained(signal))
  }
}
