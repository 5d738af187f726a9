import type { Stream } from '@libp2p/interface'
import { PeerError, toPeerError } from '../../errors.ts'
import { FrameChannel } from '../../wire/frame-channel.ts'
import { exchangeHello } from '../../wire/hello.ts'
import { MAX_FRAME_BYTES } from '../constants.ts'
import { decodeReply, decodeReplyEnvelope, encodeRequest } from './messages.ts'
import type { Answer, Method, Request } from './protocol.ts'
import { CHORD_HELLO, refusal } from './stream-server.ts'

interface Pending {
  resolve(answer: { body: unknown; incarnation: number }): void
  reject(error: unknown): void
}

/** Requests to one peer over one outbound stream, several at a time, matched to their replies by id. */
export class StreamClient {
  readonly #channel: FrameChannel
  readonly #controller = new AbortController()
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #lastUsed = performance.now()
  #isBroken = false

  private constructor(stream: Stream) {
    this.#channel = new FrameChannel(stream, { maxFrameBytes: MAX_FRAME_BYTES })
  }

  /** @throws PeerError UPGRADE_NEEDED, PEER_UNREACHABLE; the signal's reason */
  static async open(stream: Stream, signal: AbortSignal): Promise<StreamClient> {
    const client = new StreamClient(stream)
    try {
      await exchangeHello(client.#channel, CHORD_HELLO, signal)
    } catch (error) {
      client.close()
      throw error
    }
    void client.#readReplies()
    return client
  }

  get isUsable(): boolean {
    return !this.#isBroken && !this.#channel.closed
  }

  /** Milliseconds since the last request, 0 while one is open. */
  get idleFor(): number {
    return this.#pending.size > 0 ? 0 : performance.now() - this.#lastUsed
  }

  /** @throws PeerError what the other side refused with, PEER_UNREACHABLE when the stream broke; the signal's reason */
  async request<M extends Method>(method: M, request: Request<M>, signal: AbortSignal): Promise<Answer<M>> {
    const id = this.#nextId++
    this.#lastUsed = performance.now()
    const answered = this.#waitFor(id, signal)
    const [, { body, incarnation }] = await Promise.all([
      this.#channel.send(encodeRequest(id, method, request), signal),
      answered
    ])
    return { reply: decodeReply(method, body), incarnation }
  }

  /** Ends the stream; open requests fail. */
  close(): void {
    this.#break(new PeerError('PEER_UNREACHABLE', 'The connection to a peer was closed. Trying again helps.'))
  }

  #waitFor(id: number, signal: AbortSignal): Promise<{ body: unknown; incarnation: number }> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#pending.delete(id)
        reject(signal.reason)
      }
      const settle = (perform: () => void): void => {
        signal.removeEventListener('abort', onAbort)
        this.#pending.delete(id)
        perform()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#pending.set(id, {
        resolve: answer => settle(() => resolve(answer)),
        reject: error => settle(() => reject(error))
      })
    })
  }

  // The stream lives as long as it is used; each request has its own deadline, and idle streams are closed from outside.
  async #readReplies(): Promise<void> {
    try {
      for (;;) {
        const message = await this.#channel.receive(this.#controller.signal)
        if (!message) break
        const { id, body, incarnation, error } = decodeReplyEnvelope(message)
        const pending = this.#pending.get(id)
        if (error) pending?.reject(refusal(error))
        else pending?.resolve({ body, incarnation })
      }
      this.close()
    } catch (error) {
      this.#break(toPeerError(error))
    }
  }

  #break(error: PeerError): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#controller.abort(error)
    this.#channel.abort(error)
    for (const pending of [...this.#pending.values()]) pending.reject(error)
  }
}
