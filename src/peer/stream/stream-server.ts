import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Digest } from '../api.ts'
import { type Clock, systemClock } from '../clock.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { PlayableVideo } from './playable-video.ts'
import { parseRange, type RequestedRange } from './range-header.ts'
import { contentHeaders, SAFE_HEADERS } from './response-headers.ts'
import { StreamAccess } from './stream-access.ts'

/** Loopback only: players are on this machine, or behind the editor's own proxy. */
const HOST = '127.0.0.1'

/** Bytes of the random part of each path. */
const TOKEN_LENGTH = 32

/** A path that nobody used for so many milliseconds ends: what leaked from an editor's logs or a player's cache opens nothing. */
const TOKEN_LIFETIME = 12 * 60 * 60 * 1000

/** Answers under way at once; each holds one chunk. A seeking browser opens and drops many. */
const MAX_ANSWERS = 128

/** Milliseconds for a request's head to arrive. The answers may take as long as the video. */
const HEAD_DEADLINE = 10_000

const PATH = /^\/v\/([A-Za-z0-9_-]{43})\/[^/]*$/

export interface StreamServerComponents {
  random: Random
  log: Logger
  clock?: Clock
}

/** One video that has a path, and the answers that play it. */
interface Served {
  token: string
  video: PlayableVideo
  answers: Set<AbortController>
  /** When it was last asked for or played from, in milliseconds of the monotonic clock. */
  usedAt: number
}

/**
 * Plays videos to players on this machine over HTTP with ranges, those that are still arriving included. It listens once the first
 * URL is asked for. Each video has an unguessable path until it is removed, or was not used for 12 hours. Whatever is wrong with a
 * request, the answer is 404: it tells nothing.
 */
export class StreamServer {
  readonly #components: StreamServerComponents
  readonly #clock: Clock
  readonly #access = new StreamAccess()
  readonly #byToken = new Map<string, Served>()
  readonly #byDigest = new Map<Digest, Served>()
  #listening: Promise<Server> | undefined
  #port = 0

  constructor(components: StreamServerComponents) {
    this.#components = components
    this.#clock = components.clock ?? systemClock
  }

  /** Answers under way. */
  get answers(): number {
    return [...this.#byToken.values()].reduce((sum, { answers }) => sum + answers.size, 0)
  }

  /**
   * Scheme and authority of all URLs.
   * @throws PeerError PORT_IN_USE when no port can be had
   */
  async origin(): Promise<string> {
    await this.#listen()
    return `http://${HOST}:${this.#port}`
  }

  /**
   * URL that plays `video`, the same for each call until the video is removed or the URL expires. Asking again renews it.
   * @throws PeerError PORT_IN_USE when no port can be had
   */
  async url(video: PlayableVideo): Promise<string> {
    const origin = await this.origin()
    this.#dropExpired()
    const served = this.#byDigest.get(video.digest) ?? this.#serve(video)
    served.video = video
    served.usedAt = this.#clock.monotonic()
    const name = encodeURIComponent(video.fileName.toWellFormed())
    return `${origin}/v/${served.token}/${name}`
  }

  /** Players may ask under this `host:port` as well: the authority of a proxy before the server. */
  allowHost(authority: string): void {
    this.#access.allow(authority)
  }

  /** Ends the video's path, and what is being played from it. */
  remove(digest: Digest): void {
    const served = this.#byDigest.get(digest)
    if (!served) return
    this.#byDigest.delete(digest)
    this.#byToken.delete(served.token)
    for (const answer of [...served.answers]) answer.abort(gone())
  }

  /** Ends all paths and answers, and stops listening. It listens again when a URL is asked for. */
  async close(): Promise<void> {
    for (const digest of [...this.#byDigest.keys()]) this.remove(digest)
    const listening = this.#listening
    this.#listening = undefined
    if (!listening) return
    const server = await listening
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  #serve(video: PlayableVideo): Served {
    const token = Buffer.from(this.#components.random.bytes(TOKEN_LENGTH)).toString('base64url')
    const served: Served = { token, video, answers: new Set(), usedAt: this.#clock.monotonic() }
    this.#byDigest.set(video.digest, served)
    this.#byToken.set(token, served)
    return served
  }

  #listen(): Promise<Server> {
    this.#listening ??= this.#open().catch(error => {
      this.#listening = undefined
      throw error
    })
    return this.#listening
  }

  async #open(): Promise<Server> {
    const server = createServer({ headersTimeout: HEAD_DEADLINE, requestTimeout: HEAD_DEADLINE })
    server.on('request', (request, response) => void this.#answer(request, response))
    server.listen(0, HOST)
    try {
      await once(server, 'listening')
    } catch (cause) {
      const message = 'The player cannot be served on this machine: no free port on 127.0.0.1.'
      throw new PeerError('PORT_IN_USE', message, { cause })
    }
    const address = server.address()
    if (typeof address === 'object' && address) this.#port = address.port
    this.#components.log.debug('The stream server listens on 127.0.0.1')
    return server
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const served = this.#find(request)
    if (!served) return refuse(response)
    if (this.answers >= MAX_ANSWERS) return refuse(response, 503)
    const stopping = new AbortController()
    response.on('close', () => stopping.abort(gone()))
    // A client that goes away while it is written to: `close` follows and ends the answer.
    response.on('error', error => this.#components.log.trace(`A player went away: ${error.message}`))
    served.answers.add(stopping)
    try {
      await play(served.video, request, response, stopping.signal)
    } catch (error) {
      this.#noteFailure(error, stopping.signal)
      // Once the head is out, only breaking off tells the player that bytes are missing.
      if (response.headersSent) response.destroy()
      else refuse(response)
    } finally {
      served.answers.delete(stopping)
      served.usedAt = this.#clock.monotonic()
    }
  }

  /** Ends the paths that nobody used for long; one that is played from is in use, however long a player pauses. */
  #dropExpired(): void {
    const oldest = this.#clock.monotonic() - TOKEN_LIFETIME
    for (const { video, answers, usedAt } of [...this.#byDigest.values()]) {
      if (answers.size === 0 && usedAt <= oldest) this.remove(video.digest)
    }
  }

  #find(request: IncomingMessage): Served | undefined {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || !this.#access.permits(request.headers, this.#port)) return undefined
    this.#dropExpired()
    const [path = ''] = (request.url ?? '').split('?')
    return this.#byToken.get(PATH.exec(path)?.[1] ?? '')
  }

  #noteFailure(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#components.log.warn('A player could not be served', toPeerError(error))
  }
}

async function play(
  video: PlayableVideo,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal
): Promise<void> {
  const entityTag = `"${video.digest}"`
  const range = requestedRange(request, entityTag, video.byteLength)
  if (range.kind === 'unsatisfiable') {
    response.writeHead(416, { ...SAFE_HEADERS, 'Content-Range': `bytes */${video.byteLength}` }).end()
    return
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: video.byteLength }
  const blocks = video.read(start, end, signal)[Symbol.asyncIterator]()
  // What is asked for is raised at once, and not only once the first chunk has shown the type.
  const first = request.method === 'GET' ? blocks.next() : undefined
  first?.catch(() => undefined)
  try {
    const type = await video.mimeType(signal)
    response.writeHead(range.kind === 'part' ? 206 : 200, {
      ...SAFE_HEADERS,
      ...contentHeaders(type, video.fileName),
      ...(range.kind === 'part' && { 'Content-Range': `bytes ${start}-${end - 1}/${video.byteLength}` }),
      'Content-Length': end - start,
      'Accept-Ranges': 'bytes',
      ETag: entityTag
    })
    if (first) {
      response.flushHeaders()
      await send(await first, blocks, response, signal)
    }
    response.end()
  } finally {
    // Not waited for: one that waits for a chunk ends with the answer.
    blocks.return?.().catch(() => undefined)
  }
}

/** One block at a time: the next is read when the player has taken this one. */
async function send(
  first: IteratorResult<Uint8Array>,
  blocks: AsyncIterator<Uint8Array>,
  response: ServerResponse,
  signal: AbortSignal
): Promise<void> {
  for (let block = first; !block.done; block = await blocks.next()) {
    signal.throwIfAborted()
    if (!response.write(block.value)) await once(response, 'drain', { signal })
  }
}

function requestedRange(request: IncomingMessage, entityTag: string, byteLength: number): RequestedRange {
  const condition = request.headers['if-range']
  if (condition !== undefined && condition !== entityTag) return { kind: 'whole' }
  return parseRange(request.headers.range, byteLength)
}

function refuse(response: ServerResponse, status = 404): void {
  if (response.destroyed) return
  response.writeHead(status, { ...SAFE_HEADERS, 'Content-Length': 0, Connection: 'close' }).end()
}

function gone(): PeerError {
  return new PeerError('ABORTED', 'The player went away.')
}
