import type { Stream, StreamMuxer } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'

/** Two muxers joined in this process: real yamux streams, with their windows and backpressure, without sockets. */
export class MuxerPair {
  readonly #dialling: StreamMuxer
  readonly #listening: StreamMuxer

  constructor() {
    const [outbound, inbound] = multiaddrConnectionPair({ delay: 0 })
    const factory = yamux({ enableKeepAlive: false })()
    this.#dialling = factory.createStreamMuxer(outbound)
    this.#listening = factory.createStreamMuxer(inbound)
  }

  /** A stream from the dialling to the listening side: each one's end of it. */
  async open(): Promise<[dialled: Stream, accepted: Stream]> {
    const accepted = new Promise<Stream>(resolve => {
      this.#listening.addEventListener('stream', event => resolve(event.detail), { once: true })
    })
    const dialled = await this.#dialling.createStream({ protocol: '' })
    return [dialled, await accepted]
  }

  /** Streams that are still open on the listening side. */
  get acceptedStreams(): number {
    return this.#listening.streams.length
  }

  /** Breaks the connection. */
  abort(): void {
    this.#dialling.abort(new Error('connection cut'))
    this.#listening.abort(new Error('connection cut'))
  }
}
