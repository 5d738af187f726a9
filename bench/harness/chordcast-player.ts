import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { ChordcastSeeder, startChordcast } from './chordcast.ts'
import type { LineProcess } from './line-process.ts'
import { PLAY_DEADLINE, type Player, type StreamSystem } from './stream-system.ts'

/** `chordcast fetch --watch`, asked by range requests as a player would. */
export const chordcastStream: StreamSystem = {
  name: 'chordcast',
  missing: async () => undefined,
  open: async (file, { seederFolder, folder, uploadLimit }) => {
    const seeder = await ChordcastSeeder.start(file, { folder: seederFolder, uploadLimit })
    return new ChordcastPlayer(seeder, folder)
  }
}

class ChordcastPlayer implements Player {
  readonly #seeder: ChordcastSeeder
  readonly #folder: string
  #process: LineProcess | undefined
  #url = ''
  #playing: IncomingMessage | undefined

  constructor(seeder: ChordcastSeeder, folder: string) {
    this.#seeder = seeder
    this.#folder = folder
  }

  get progress(): number {
    const progress = this.#process?.last('progress')
    return progress ? Number(progress.have) / Number(progress.chunks) : 0
  }

  async begin(): Promise<number> {
    const fetching = ['fetch', this.#seeder.address, '--watch', '--out', `${this.#folder}/out/`]
    this.#process = startChordcast(`${this.#folder}/data`, fetching)
    const { at } = await this.#process.event('listening')
    this.#url = String((await this.#process.event('stream')).url)
    return at
  }

  async play(place: number, bytes: number): Promise<number> {
    const since = performance.now()
    this.#playing?.destroy()
    const request = get(this.#url, {
      headers: { range: `bytes=${place}-` },
      signal: AbortSignal.timeout(PLAY_DEADLINE)
    })
    // Before the response `once` hears of it; after that the response does.
    request.on('error', () => undefined)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    this.#playing = response
    await arrived(response, bytes)
    return (performance.now() - since) / 1000
  }

  async stop(): Promise<void> {
    this.#playing?.destroy()
    await Promise.all([this.#process?.stop(), this.#seeder.stop()])
  }
}

/** Resolves when so much is here; whatever comes after that is read on. */
function arrived(response: IncomingMessage, bytes: number): Promise<void> {
  let missing = bytes
  return new Promise((resolve, reject) => {
    response.on('error', reject)
    response.on('data', (block: Buffer) => {
      missing -= block.length
      if (missing <= 0) resolve()
    })
  })
}
