import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { PeerError } from '../errors.ts'
import { decodeFramePieces, encodeFramePieces, type Message } from './frame-codec.ts'
import { FrameDecoder } from './frame-decoder.ts'

export interface FrameChannelOptions {
  /** Largest message accepted, in bytes. */
  maxFrameBytes: number
  /** Reading pauses above this many bytes not yet received by the caller, and resumes below half of it. */
  highWaterMark?: number
  /** Messages whose long byte string at the end stays in the pieces in which it came: see `decodeFramePieces`. */
  keepsPieces?(message: Message): boolean
}

const DEFAULT_HIGH_WATER_MARK = 1024 * 1024

interface Waiter {
  resolve(message: Message | undefined): void
  reject(error: unknown): void
}

/** What a conversation needs of its stream: `FrameChannel` over libp2p, or anything that carries messages as it does. */
export type MessageChannel = Pick<
  FrameChannel,
  'closed' | 'send' | 'post' | 'drained' | 'receive' | 'close' | 'abort'
>

/**
 * Messages over one libp2p stream, with backpressure both ways. Construct it synchronously in the stream handler:
 * bytes that arrive before a listener is attached are at libp2p's mercy. One `receive` at a time.
 */
export class FrameChannel {
  readonly #stream: Stream
  readonly #decoder: FrameDecoder
  readonly #highWaterMark: number
  readonly #keepsPieces: (message: Message) => boolean
  #waiter: Waiter | undefined
  #failure: unknown
  #ended: boolean
  #endedInOrder: boolean
  #paused = false

  constructor(stream: Stream, options: FrameChannelOptions) {
    this.#stream = stream
    this.#decoder = new FrameDecoder(options.maxFrameBytes)
    this.#highWaterMark = Math.max(
      options.highWaterMark ?? DEFAULT_HIGH_WATER_MARK,
      options.maxFrameBytes + 4
    )
    this.#keepsPieces = options.keepsPieces ?? (() => false)
    this.#ended = stream.readableEnded
    this.#endedInOrder = stream.status === 'open' && stream.remoteWriteStatus === 'closed'
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('remoteCloseWrite', this.#onRemoteCloseWrite)
    stream.addEventListener('end', this.#onEnd)
    stream.addEventListener('close', this.#onClose)
  }

  /** True once nothing more can be sent. */
  get closed(): boolean {
    return this.#stream.status !== 'open'
  }

  /**
   * Sends one message; resolves when the stream takes more. Byte strings in it must not change until they are out.
   * @throws PeerError PEER_UNREACHABLE when the stream is closed; the signal's reason when aborted
   */
  async send(message: Message, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.post(message)) await this.drained(signal)
  }

  /**
   * Sends one message without waiting. When the result is false, `drained` must be awaited before the next.
   * @throws PeerError PEER_UNREACHABLE when the stream is closed
   */
  post(message: Message): boolean {
    if (this.#failure) throw this.#failure
    if (this.closed) throw connectionLost()
    const pieces = encodeFramePieces(message)
    return this.#stream.send(pieces.length === 1 && pieces[0] ? pieces[0] : new Uint8ArrayList(...pieces))
  }

  /**
   * Resolves when the stream takes more.
   * @throws PeerError PEER_UNREACHABLE when the stream is closed; the signal's reason when aborted
   */
  async drained(signal: AbortSignal): Promise<void> {
    // libp2p's own `onDrain()` keeps its first promise for ever (@libp2p/utils 7.4.1), so that it holds nobody back after the
    // first drain; and a drain may fill up again before we run.
    while (this.#stream.writableNeedsDrain) {
      if (this.#failure) throw this.#failure
      if (this.closed) throw connectionLost()
      await this.#nextDrain(signal)
    }
  }

  /**
   * The next message; undefined once the other side has ended its half in good order.
   * @throws PeerError FRAME_* for a malformed stream, PEER_UNREACHABLE when it broke; the signal's reason when aborted
   */
  receive(signal: AbortSignal): Promise<Message | undefined> {
    signal.throwIfAborted()
    if (this.#waiter) throw new PeerError('INTERNAL', 'Two readers on one channel.')
    const message = this.#nextMessage()
    if (message) {
      this.#resumeBelowHalf()
      return Promise.resolve(message)
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#settle(waiter => waiter.reject(signal.reason))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiter = {
        resolve: message => {
          signal.removeEventListener('abort', onAbort)
          resolve(message)
        },
        reject: error => {
          signal.removeEventListener('abort', onAbort)
          reject(error)
        }
      }
      this.#deliver()
    })
  }

  /** Ends our half after what was sent has gone out. */
  async close(signal: AbortSignal): Promise<void> {
    if (!this.closed) await this.#stream.close({ signal })
  }

  /** Breaks the stream at once; pending calls reject with `error`. */
  abort(error: Error): void {
    this.#fail(error)
  }

  readonly #onMessage = (event: StreamMessageEvent): void => {
    const data = event.data
    if (data instanceof Uint8Array) this.#decoder.push(data)
    else for (const piece of data) this.#decoder.push(piece)
    this.#deliver()
    if (!this.#paused && this.#decoder.bufferedBytes > this.#highWaterMark) {
      this.#paused = true
      this.#stream.pause()
    }
  }

  readonly #onRemoteCloseWrite = (): void => {
    this.#endedInOrder = true
  }

  // Comes after the last `message`, unlike `remoteCloseWrite`; but also when the stream was reset or its connection went away.
  readonly #onEnd = (): void => {
    this.#ended = true
    const isBroken = this.#stream.status === 'aborted' || this.#stream.status === 'reset'
    if (isBroken || !this.#endedInOrder) this.#failure ??= connectionLost()
    this.#deliver()
  }

  readonly #onClose = (event: StreamCloseEvent): void => {
    if (event.error && !this.#ended) this.#failure ??= connectionLost(event.error)
    this.#deliver()
  }

  #deliver(): void {
    if (!this.#waiter) return
    if (this.#failure) {
      this.#settle(waiter => waiter.reject(this.#failure))
      return
    }
    const message = this.#nextMessage()
    if (message) this.#settle(waiter => waiter.resolve(message))
    else if (this.#ended) this.#settleEnd()
    this.#resumeBelowHalf()
  }

  /** The next message if it is here. What is wrong with it ends the channel. */
  #nextMessage(): Message | undefined {
    if (this.#failure) return undefined
    try {
      const body = this.#decoder.next()
      if (!body) return undefined
      return decodeFramePieces(body, this.#keepsPieces)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }

  #settleEnd(): void {
    if (this.#decoder.bufferedBytes > 0) {
      this.#fail(new PeerError('FRAME_TRUNCATED', 'A peer stopped in the middle of a message. Try again.'))
    } else this.#settle(waiter => waiter.resolve(undefined))
  }

  #settle(perform: (waiter: Waiter) => void): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter) perform(waiter)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#stream.abort(error)
    this.#settle(waiter => waiter.reject(this.#failure))
  }

  #resumeBelowHalf(): void {
    if (!this.#paused || this.#decoder.bufferedBytes > this.#highWaterMark / 2) return
    this.#paused = false
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  #nextDrain(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#stream.removeEventListener('drain', settle)
        this.#stream.removeEventListener('close', settle)
        signal.removeEventListener('abort', settle)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      this.#stream.addEventListener('drain', settle)
      this.#stream.addEventListener('close', settle)
      signal.addEventListener('abort', settle)
    })
  }
}

function connectionLost(cause?: unknown): PeerError {
  return new PeerError(
    'PEER_UNREACHABLE',
    'The connection to a peer broke. Trying another peer or again helps.',
    {
      cause
    }
  )
}
