import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { TAG_LENGTH } from '../content/chunk-cipher.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Message } from '../wire/frame-codec.ts'
import { DEFAULT_SLICE_BYTES } from './chunk-messages.ts'
import type { FairUplink } from './fair-uplink.ts'
import type { TransferSlot, TransferSlots } from './transfer-slots.ts'

/** Chunks of one stream that are read ahead of the one being sent, itself included. */
const READ_AHEAD = 2
/** Below this upload limit smaller slices keep CANCEL quick. */
const SLOW_BYTES_PER_SECOND = 1024 * 1024
const SMALL_SLICE_BYTES = 32 * 1024
/** Without an upload limit, a slice is as long as what the stream took within this time lately. */
const SLICE_MILLISECONDS = 5

/** One WANT that was accepted. */
interface Transfer {
  request: number
  index: number
  slot: TransferSlot
  cancelling: AbortController
  sealed?: Promise<Uint8Array | PeerError>
}

export interface ChunkSenderInit {
  digest: Digest
  peerId: string
  slots: TransferSlots
  uplink: FairUplink
  /** Payload of one slice that the other side takes, in bytes. */
  sliceLimit: number
  clock: Clock
  log: Logger
  /** The sealed chunk, checked against its leaf. */
  readSealed(index: number, signal: AbortSignal): Promise<Uint8Array>
  /** Sends one message, or rejects once the stream is of no more use. */
  send(message: Message): Promise<void>
  onUploaded(bytes: number): void
  /** Called once when sending fails for good. */
  onBroken(error: unknown): void
}

/**
 * Sends the chunks that one stream asked for, in the order in which it asked: a chunk is of use only when it is complete.
 * CANCEL takes effect between slices.
 */
export class ChunkSender {
  readonly #init: ChunkSenderInit
  readonly #transfers: Transfer[] = []
  #isSending = false
  #isStopped = false
  #lastChunkBytes = DEFAULT_SLICE_BYTES
  /** Milliseconds that the chunk before took. */
  #lastChunkTime = Number.POSITIVE_INFINITY

  constructor(init: ChunkSenderInit) {
    this.#init = init
  }

  /** Accepts a WANT; false when too much is under way already. */
  enqueue(request: number, index: number): boolean {
    const slot = this.#isStopped ? undefined : this.#init.slots.take(this.#init.peerId)
    if (!slot) return false
    this.#transfers.push({ request, index, slot, cancelling: new AbortController() })
    this.#readAhead()
    void this.#sendAll()
    return true
  }

  /** Whether anything is still to be sent. */
  get isBusy(): boolean {
    return this.#transfers.length > 0
  }

  /** Whether this request is still under way. */
  has(request: number): boolean {
    return this.#transfers.some(transfer => transfer.request === request)
  }

  /** Drops a request; harmless when it has been served. */
  cancel(request: number): void {
    const transfer = this.#transfers.find(candidate => candidate.request === request)
    if (transfer) this.#drop(transfer)
  }

  /** Drops everything. */
  stop(): void {
    this.#isStopped = true
    for (const transfer of [...this.#transfers]) this.#drop(transfer)
  }

  #drop(transfer: Transfer): void {
    transfer.cancelling.abort(new PeerError('ABORTED', 'Cancelled.'))
    this.#remove(transfer)
  }

  #remove(transfer: Transfer): void {
    const at = this.#transfers.indexOf(transfer)
    if (at < 0) return
    this.#transfers.splice(at, 1)
    transfer.slot.release()
    this.#readAhead()
  }

  #readAhead(): void {
    for (const transfer of this.#transfers.slice(0, READ_AHEAD)) {
      transfer.sealed ??= this.#init
        .readSealed(transfer.index, transfer.cancelling.signal)
        .catch(error => toPeerError(error))
    }
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      for (let transfer = this.#transfers[0]; transfer; transfer = this.#transfers[0]) {
        await this.#sendChunk(transfer)
        this.#remove(transfer)
      }
    } catch (error) {
      this.stop()
      this.#init.onBroken(error)
    } finally {
      this.#isSending = false
    }
  }

  async #sendChunk(transfer: Transfer): Promise<void> {
    const { request, index, cancelling } = transfer
    const sealed = await transfer.sealed
    if (cancelling.signal.aborted || !sealed) return
    if (sealed instanceof PeerError) {
      this.#init.log.warn(`Chunk ${index} of ${this.#init.digest} cannot be served`, sealed)
      await this.#init.send({ type: 'failed', request, code: sealed.code })
      return
    }
    const startedAt = this.#init.clock.monotonic()
    await this.#sendSlices(transfer, sealed)
    this.#lastChunkBytes = sealed.length
    this.#lastChunkTime = this.#init.clock.monotonic() - startedAt
  }

  async #sendSlices({ request, cancelling }: Transfer, sealed: Uint8Array): Promise<void> {
    const { signal } = cancelling
    const sliceBytes = this.#sliceBytes()
    for (let offset = 0; offset < sealed.length; ) {
      const data = sealed.subarray(offset, this.#sliceEnd(offset, sliceBytes, sealed.length))
      if (!(await this.#admitted(data.length, signal))) return
      const last = offset + data.length === sealed.length
      const sending = this.#init.send(
        last ? { type: 'slice', request, offset, data, last } : { type: 'slice', request, offset, data }
      )
      // Counted when it goes out: the other side may have it long before the stream takes more.
      this.#init.onUploaded(data.length)
      await sending
      offset += data.length
      if (signal.aborted) return
    }
  }

  /** The tag alone is not worth a slice. */
  #sliceEnd(offset: number, sliceBytes: number, length: number): number {
    const end = offset + sliceBytes
    return length - end <= TAG_LENGTH && length - offset <= this.#init.sliceLimit ? length : end
  }

  async #admitted(bytes: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#init.uplink.take(this.#init.peerId, bytes, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return !signal.aborted
  }

  #sliceBytes(): number {
    const { uplink, sliceLimit } = this.#init
    if (uplink.rate > 0) {
      return Math.min(
        sliceLimit,
        uplink.rate < SLOW_BYTES_PER_SECOND ? SMALL_SLICE_BYTES : DEFAULT_SLICE_BYTES
      )
    }
    const quick = (this.#lastChunkBytes / Math.max(this.#lastChunkTime, 0.1)) * SLICE_MILLISECONDS
    return Math.min(sliceLimit, Math.max(DEFAULT_SLICE_BYTES, Math.floor(quick)))
  }
}
