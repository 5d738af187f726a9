import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { geometryOf } from '../../../src/peer/content/geometry.ts'
import { Playhead } from '../../../src/peer/download/playhead.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { StoredVideo } from '../../../src/peer/stream/stored-video.ts'

export const CHUNK = 256 * 1024

/** The beginning of a WebM file: enough for its type to be seen. */
export const WEBM_HEAD = Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex')

/** A video whose chunks arrive when a test says so. */
export class ArrivingVideo {
  readonly bytes: Buffer
  readonly have: Bitfield
  readonly playhead: Playhead
  readonly video: StoredVideo
  readonly reads: number[] = []
  changes = 0
  /** A chunk that cannot be read. */
  failAt: number | undefined

  constructor(
    byteLength: number,
    { digest = 'd1', fileName = 'sample.webm', claimedType = '', head = WEBM_HEAD } = {}
  ) {
    const geometry = geometryOf(byteLength)
    this.bytes = Buffer.alloc(byteLength)
    for (let at = 0; at < byteLength; at++) this.bytes[at] = (at * 7 + (at >> 8)) & 255
    head.copy(this.bytes)
    this.have = new Bitfield(geometry.count)
    this.playhead = new Playhead({ geometry, have: this.have, onChange: () => this.changes++ })
    this.video = new StoredVideo({
      digest,
      fileName,
      claimedType,
      geometry,
      playhead: () => this.playhead,
      store: () => ({
        have: this.have,
        readPlain: async index => {
          this.reads.push(index)
          if (index === this.failAt) throw new PeerError('FILE_CHANGED', 'The file was changed.')
          return this.bytes.subarray(index * CHUNK, (index + 1) * CHUNK)
        }
      })
    })
  }

  static complete(byteLength: number, options = {}): ArrivingVideo {
    const video = new ArrivingVideo(byteLength, options)
    for (let index = 0; index < video.have.length; index++) video.arrive(index)
    return video
  }

  arrive(index: number): void {
    this.have.add(index)
    this.playhead.chunkStored(index)
  }
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
}

/** Asks as a player would, and reads the whole answer. */
export async function ask(url: string, options: Ask = {}): Promise<Answer> {
  const response = await open(url, options)
  const blocks: Buffer[] = []
  for await (const block of response) blocks.push(block as Buffer)
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(blocks) }
}

/** Asks, and gives the answer while its body is still to be read. */
export function open(url: string, { method = 'GET', headers = {} }: Ask = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, resolve)
    asking.on('error', reject)
    asking.end()
  })
}
