import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { AbortOptions, MessageStream } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

/** What goes through a TLS socket, as libp2p's muxers want it. Ends with the TCP connection beneath, and that ends with it. */
export class TlsConnection extends AbstractMessageStream {
  readonly #beneath: MessageStream
  readonly #socket: TLSSocket

  constructor(beneath: MessageStream, socket: TLSSocket) {
    super({
      log: beneath.log,
      inactivityTimeout: beneath.inactivityTimeout,
      maxReadBufferLength: beneath.maxReadBufferLength,
      direction: beneath.direction
    })
    this.#beneath = beneath
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    beneath.addEventListener('close', ({ error, local }) => {
      if (!error) this.onTransportClosed()
      else if (local) this.abort(error)
      else this.onRemoteReset()
    })
  }

  async close(options?: AbortOptions): Promise<void> {
    if (!this.#socket.closed) {
      this.#socket.destroySoon()
      await once(this.#socket, 'close', options)
    }
    await this.#beneath.close(options)
  }

  /** Gathers what a muxer sends at once into one write: a header of 12 bytes shall not be a packet of its own. */
  sendData(data: Uint8ArrayList): SendResult {
    const sentBytes = data.byteLength
    let canSendMore = true
    this.#socket.cork()
    for (const bytes of data) canSendMore = this.#socket.write(bytes)
    this.#socket.uncork()
    return { sentBytes, canSendMore }
  }

  sendReset(error: Error): void {
    this.#beneath.abort(error)
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }
}
