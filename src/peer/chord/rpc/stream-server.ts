import type { Stream } from '@libp2p/interface'
import { PeerError, toPeerError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { FrameChannel } from '../../wire/frame-channel.ts'
import type { Message } from '../../wire/frame-codec.ts'
import { exchangeHello } from '../../wire/hello.ts'
import { MAX_FRAME_BYTES, MAX_REQUESTS_PER_STREAM } from '../constants.ts'
import {
  decodeRequest,
  decodeRequestEnvelope,
  encodeFailure,
  encodeReply,
  type RequestEnvelope
} from './messages.ts'
import type { Caller, Handlers, Method, Reply, Request } from './protocol.ts'
import type { RequestLimiter } from './request-limiter.ts'

export interface StreamServerComponents {
  handlers: Handlers
  limiter: RequestLimiter
  /** Drawn once when this peer started, see `Answer`. */
  incarnation: number
  log: Logger
  /** A request of this peer came in. */
  onHeard(caller: Caller): void
}

/** What both sides say first on each stream. */
export const CHORD_HELLO = { versions: [1], features: [], limits: { frameBytes: MAX_FRAME_BYTES } }

/** Milliseconds for the first messages, for one request, and between two requests. */
const HELLO_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 15_000
const IDLE_TIMEOUT = 150_000

/** Answers the requests of one inbound stream until it ends. */
export class StreamServer {
  readonly #components: StreamServerComponents
  readonly #channel: FrameChannel
  readonly #caller: Caller
  readonly #closing: AbortSignal
  readonly #running = new Set<Promise<void>>()

  constructor(components: StreamServerComponents, stream: Stream, caller: Caller, closing: AbortSignal) {
    this.#components = components
    this.#caller = caller
    this.#closing = closing
    this.#channel = new FrameChannel(stream, { maxFrameBytes: MAX_FRAME_BYTES })
  }

  /** Resolves when the stream has ended; a broken protocol ends it at once. */
  async serve(): Promise<void> {
    try {
      await exchangeHello(this.#channel, CHORD_HELLO, this.#within(HELLO_TIMEOUT))
      for (;;) {
        const message = await this.#channel.receive(this.#within(IDLE_TIMEOUT))
        if (!message) break
        this.#accept(message)
        if (this.#running.size >= MAX_REQUESTS_PER_STREAM) await Promise.race(this.#running)
      }
      await Promise.all(this.#running)
      await this.#channel.close(this.#within(HELLO_TIMEOUT))
    } catch (error) {
      const reason = toPeerError(error)
      this.#components.log.trace(`A stream of peer ${this.#caller.peerId} ended: ${reason.message}`)
      this.#channel.abort(reason)
    }
  }

  #accept(message: Message): void {
    const envelope = decodeRequestEnvelope(message)
    const running = this.#answer(envelope)
      .catch((error: unknown) => this.#channel.abort(toPeerError(error)))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #answer(envelope: RequestEnvelope): Promise<void> {
    const { incarnation, limiter, onHeard } = this.#components
    const signal = this.#within(REQUEST_TIMEOUT)
    onHeard(this.#caller)
    if (!limiter.take(this.#caller.peerId)) {
      const refusal = { code: 'BUSY', message: 'Too many requests. Try again later.' }
      await this.#channel.send(encodeFailure(envelope.id, incarnation, refusal), signal)
      return
    }
    await this.#channel.send(await this.#perform(envelope, signal), signal)
  }

  async #perform({ id, method, body }: RequestEnvelope, signal: AbortSignal): Promise<Message> {
    const { incarnation, log } = this.#components
    const request = decodeRequest(method, body)
    try {
      return encodeReply(id, incarnation, await this.#dispatch(method, request, signal))
    } catch (error) {
      const reason = toPeerError(error)
      log.debug(`A request (${method}) of peer ${this.#caller.peerId} failed: ${reason.message}`)
      return encodeFailure(id, incarnation, { code: reason.code, message: reason.message.slice(0, 256) })
    }
  }

  #dispatch<M extends Method>(
    method: M,
    request: Request<M>,
    signal: AbortSignal
  ): Reply<M> | Promise<Reply<M>> {
    return this.#components.handlers[method](this.#caller, request, signal)
  }

  #within(milliseconds: number): AbortSignal {
    return AbortSignal.any([this.#closing, AbortSignal.timeout(milliseconds)])
  }
}

/** What a refusal means for the one who asked. */
export function refusal(error: { code: string; message: string }): PeerError {
  const code = error.code === 'BUSY' ? 'BUSY' : 'PROTOCOL_VIOLATION'
  return new PeerError(code, `Another peer refused a request: ${error.message}`)
}
