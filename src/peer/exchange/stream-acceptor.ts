import type { Stream } from '@libp2p/interface'
import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { FrameChannel } from '../wire/frame-channel.ts'
import type { Hello } from '../wire/hello.ts'
import { withDeadline } from './deadline.ts'
import { type Opened, openAsResponder } from './opening.ts'

/** A whole opening must be done within this time, on both sides. */
export const OPENING_MILLISECONDS = 10_000
/** Streams of one peer that are still opening. */
const MAX_HALF_OPEN = 8
/** For saying good-bye on a stream. */
const CLOSING_MILLISECONDS = 5_000

export interface StreamAcceptorInit<Video> {
  hello: Hello
  /** Largest message accepted, in bytes. */
  maxFrameBytes: number
  ownPeerId: string
  clock: Clock
  random: Random
  log: Logger
  /** The video of this digest, if this peer serves it. */
  find(digest: Digest): Video | undefined
  /** Serves an opened stream until the other side ends it or `signal` fires. */
  serve(
    channel: FrameChannel,
    opened: Opened<Video>,
    remotePeerId: string,
    signal: AbortSignal
  ): Promise<void>
}

/** Takes inbound streams of one protocol through their opening, and sees to it that each one ends. */
export class StreamAcceptor<Video extends { proofKey: Uint8Array }> {
  readonly #init: StreamAcceptorInit<Video>
  readonly #stopping = new AbortController()
  readonly #halfOpen = new Map<string, number>()

  constructor(init: StreamAcceptorInit<Video>) {
    this.#init = init
  }

  /** Handles one stream from beginning to end. Never rejects: what goes wrong ends the stream and is logged. */
  async handle(stream: Stream, remotePeerId: string): Promise<void> {
    const { maxFrameBytes, log } = this.#init
    const channel = new FrameChannel(stream, { maxFrameBytes })
    try {
      const opened = await this.#open(channel, remotePeerId)
      await this.#init.serve(channel, opened, remotePeerId, this.#stopping.signal)
      await this.#close(channel)
    } catch (error) {
      log.debug(`A stream from ${remotePeerId} ended: ${error instanceof Error ? error.message : error}`)
      channel.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Ends all streams. */
  stop(): void {
    this.#stopping.abort(new PeerError('ABORTED', 'This peer is leaving.'))
  }

  async #open(channel: FrameChannel, remotePeerId: string): Promise<Opened<Video>> {
    const { hello, ownPeerId, random, clock, find } = this.#init
    const conversation = { channel, hello, ownPeerId, remotePeerId, random }
    this.#enter(remotePeerId)
    try {
      return await withDeadline(clock, OPENING_MILLISECONDS, this.#stopping.signal, signal =>
        openAsResponder(conversation, find, signal)
      )
    } catch (error) {
      // DENIED must still reach the other side: an abort would overtake it.
      if (error instanceof PeerError && error.code === 'PROOF_INVALID') await this.#close(channel)
      throw error
    } finally {
      this.#leave(remotePeerId)
    }
  }

  #enter(remotePeerId: string): void {
    const count = this.#halfOpen.get(remotePeerId) ?? 0
    if (count >= MAX_HALF_OPEN) {
      throw new PeerError('BUSY', 'A peer opens too many streams at once. They are refused.')
    }
    this.#halfOpen.set(remotePeerId, count + 1)
  }

  #leave(remotePeerId: string): void {
    const count = this.#halfOpen.get(remotePeerId) ?? 0
    if (count > 1) this.#halfOpen.set(remotePeerId, count - 1)
    else this.#halfOpen.delete(remotePeerId)
  }

  // Our half first; theirs follows, or is cut.
  async #close(channel: FrameChannel): Promise<void> {
    await withDeadline(this.#init.clock, CLOSING_MILLISECONDS, this.#stopping.signal, async signal => {
      await channel.close(signal)
      while (await channel.receive(signal));
    })
  }
}
