import { Duplex } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'

/**
 * A byte stream between two threads: each end wraps one port of a channel. Bytes are copied, and order is kept. There is no
 * backpressure: what is carried must be bounded by those who speak.
 */
export class PortStream extends Duplex {
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    super()
    this.#port = port
    port.on('message', (bytes: Uint8Array) =>
      this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    )
    port.on('close', () => this.destroy())
  }

  override _read(): void {
    // The port pushes by itself.
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#port.postMessage(bytes)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port.close()
    done(error)
  }
}
