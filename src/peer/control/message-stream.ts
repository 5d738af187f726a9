import type { Duplex } from 'node:stream'
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  Disposable,
  type Message,
  type MessageReader,
  type MessageWriter
} from 'vscode-jsonrpc/node'
import { PeerError } from '../errors.ts'

const MAX_HEADER_BYTES = 256
const HEADER_END = '\r\n\r\n'

/**
 * Cuts a byte stream into JSON-RPC messages framed as in the Language Server Protocol (`Content-Length`), with a bound that the
 * library's own reader lacks.
 */
export class MessageDecoder {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes from the start of the buffer to the end of the message; undefined until its header is here. */
  #frame: { start: number; end: number } | undefined

  /** @param maxBytes Largest message accepted. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * The messages that these bytes complete.
   * @throws PeerError FRAME_TOO_LARGE, FRAME_INVALID; the stream cannot be read on after that
   */
  push(bytes: Buffer): unknown[] {
    this.#chunks.push(bytes)
    this.#buffered += bytes.length
    const messages: unknown[] = []
    while (this.#findFrame()) messages.push(this.#takeMessage())
    return messages
  }

  #findFrame(): boolean {
    this.#frame ??= this.#readHeader()
    return this.#frame !== undefined && this.#buffered >= this.#frame.end
  }

  #readHeader(): { start: number; end: number } | undefined {
    const head = this.#joined()
    const headerEnd = head.subarray(0, MAX_HEADER_BYTES).indexOf(HEADER_END)
    if (headerEnd < 0) {
      if (head.length < MAX_HEADER_BYTES) return undefined
      throw new PeerError('FRAME_INVALID', 'A control message has no header. Reload the window.')
    }
    const length = /^content-length: *(\d{1,10})$/im.exec(head.toString('latin1', 0, headerEnd))?.[1]
    if (length === undefined) {
      throw new PeerError('FRAME_INVALID', 'A control message has no length. Reload the window.')
    }
    if (Number(length) > this.#maxBytes) {
      throw new PeerError('FRAME_TOO_LARGE', `A control message of ${length} bytes is over the limit.`)
    }
    const start = headerEnd + HEADER_END.length
    return { start, end: start + Number(length) }
  }

  #takeMessage(): unknown {
    const { start, end } = this.#frame ?? { start: 0, end: 0 }
    const bytes = this.#joined()
    const rest = bytes.subarray(end)
    this.#frame = undefined
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#buffered = rest.length
    try {
      return JSON.parse(bytes.toString('utf8', start, end))
    } catch (cause) {
      throw new PeerError('FRAME_INVALID', 'A control message is no JSON. Reload the window.', { cause })
    }
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    if (first && this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined
  }
}

/** Reads bounded messages from a socket; closes it at the first one that breaks the rules. */
export class BoundedMessageReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: Duplex
  readonly #decoder: MessageDecoder

  constructor(socket: Duplex, maxBytes: number) {
    super()
    this.#socket = socket
    this.#decoder = new MessageDecoder(maxBytes)
    socket.on('error', error => this.fireError(error))
    socket.on('close', () => this.fireClose())
  }

  listen(callback: DataCallback): Disposable {
    const onData = (bytes: Buffer): void => this.#deliver(bytes, callback)
    this.#socket.on('data', onData)
    this.#socket.resume()
    return Disposable.create(() => this.#socket.off('data', onData))
  }

  #deliver(bytes: Buffer, callback: DataCallback): void {
    try {
      for (const message of this.#decoder.push(bytes)) callback(requireMessage(message))
    } catch (error) {
      this.fireError(error)
      this.#socket.destroy()
    }
  }
}

/** Writes messages to a socket; closes it when its reader falls too far behind. */
export class BoundedMessageWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: Duplex
  readonly #maxBacklog: number

  /** @param maxBacklog Bytes that may wait for a slow reader. */
  constructor(socket: Duplex, maxBacklog: number) {
    super()
    this.#socket = socket
    this.#maxBacklog = maxBacklog
    socket.on('error', error => this.fireError(error))
    socket.on('close', () => this.fireClose())
  }

  async write(message: Message): Promise<void> {
    if (this.#socket.destroyed) return
    if (this.#socket.writableLength > this.#maxBacklog) {
      this.#socket.destroy(new PeerError('BUSY', 'A client of the control socket reads too slowly.'))
      return
    }
    const body = Buffer.from(JSON.stringify(message))
    this.#socket.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}${HEADER_END}`), body]))
  }

  end(): void {
    this.#socket.end()
  }
}

function requireMessage(value: unknown): Message {
  if (typeof value === 'object' && value !== null && 'jsonrpc' in value && value.jsonrpc === '2.0') {
    return value as Message
  }
  throw new PeerError('FRAME_INVALID', 'A control message is no JSON-RPC 2.0. Reload the window.')
}
