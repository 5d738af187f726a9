import type { Stream } from '@libp2p/interface'
import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { type PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { FrameChannel } from '../wire/frame-channel.ts'
import type { Message } from '../wire/frame-codec.ts'
import { receiveAs } from '../wire/message-schema.ts'
import { BusyError } from './busy-error.ts'
import { withDeadline } from './deadline.ts'
import { GRANT_MILLISECONDS, KEY_HELLO, keyRequestSchema, MAX_KEY_MESSAGE_BYTES } from './key-exchange.ts'
import type { Opened } from './opening.ts'
import { RateWindow } from './rate-window.ts'
import { OPENING_MILLISECONDS, StreamAcceptor } from './stream-acceptor.ts'

/** Requests that one peer may make in a minute. */
const REQUESTS_PER_MINUTE = 10
const MINUTE = 60_000

/** A video whose key this peer can be asked for. */
export interface GrantableVideo {
  /** See `deriveIdKeys`. */
  readonly proofKey: Uint8Array
}

export interface KeyServerInit {
  /** The video of this digest, if this peer has it. */
  videos(digest: Digest): GrantableVideo | undefined
  /**
   * The bytes of a grant for this request, of which nothing is verified but that the peer knows the ID.
   * @throws PeerError KEY_DENIED by policy; whatever else goes wrong is denied too
   */
  grantFor(
    digest: Digest,
    request: Uint8Array,
    remotePeerId: string,
    signal: AbortSignal
  ): Promise<Uint8Array>
  ownPeerId: string
  clock: Clock
  random: Random
  log: Logger
}

/** Answers key requests of peers that know the video's ID. */
export class KeyServer {
  readonly #init: KeyServerInit
  readonly #rates: RateWindow
  readonly #acceptor: StreamAcceptor<GrantableVideo>

  constructor(init: KeyServerInit) {
    this.#init = init
    this.#rates = new RateWindow(REQUESTS_PER_MINUTE, MINUTE, init.clock)
    this.#acceptor = new StreamAcceptor({
      hello: KEY_HELLO,
      maxFrameBytes: MAX_KEY_MESSAGE_BYTES,
      ownPeerId: init.ownPeerId,
      clock: init.clock,
      random: init.random,
      log: init.log,
      find: digest => init.videos(digest),
      serve: (channel, opened, remotePeerId, signal) => this.#serve(channel, opened, remotePeerId, signal)
    })
  }

  /** Serves one inbound stream until it ends. Never rejects. */
  handle(stream: Stream, remotePeerId: string): Promise<void> {
    return this.#acceptor.handle(stream, remotePeerId)
  }

  /** Ends all streams. */
  stop(): void {
    this.#acceptor.stop()
  }

  async #serve(
    channel: FrameChannel,
    { digest }: Opened<GrantableVideo>,
    remotePeerId: string,
    signal: AbortSignal
  ): Promise<void> {
    const { clock } = this.#init
    const { request } = await withDeadline(clock, OPENING_MILLISECONDS, signal, deadline =>
      receiveAs(channel, keyRequestSchema, deadline)
    )
    const answer = await this.#answer(digest, request, remotePeerId, signal)
    await withDeadline(clock, OPENING_MILLISECONDS, signal, deadline => channel.send(answer, deadline))
  }

  async #answer(
    digest: Digest,
    request: Uint8Array,
    remotePeerId: string,
    signal: AbortSignal
  ): Promise<Message> {
    const { clock, log, grantFor } = this.#init
    try {
      if (!this.#rates.allow(remotePeerId)) throw new BusyError(this.#rates.retryAfter())
      const grant = await withDeadline(clock, GRANT_MILLISECONDS, signal, deadline =>
        grantFor(digest, request, remotePeerId, deadline)
      )
      log.info(`Granted the key of ${digest} to ${remotePeerId}`)
      return { type: 'grant', grant }
    } catch (error) {
      log.warn(`The key of ${digest} was not granted to ${remotePeerId}`, error)
      return denial(toPeerError(error))
    }
  }
}

// Why a request was denied is nobody's business; when to try again is.
function denial(error: PeerError): Message {
  if (error instanceof BusyError) return { type: 'denied', code: 'BUSY', retryAfter: error.retryAfter }
  return { type: 'denied', code: 'KEY_DENIED' satisfies PeerError['code'] }
}
