import { join } from 'node:path'
import * as v from 'valibot'
import type { PeerApi } from '../api.ts'
import { readFileIfPresent, writeFileAtomically } from '../library/atomic-file.ts'
import { callPeer, forwardPeer } from './forward-peer.ts'

/** What the next owner of the data folder has to know of the present one's membership. */
export interface Session {
  /** Whether the peer is to be in the ring: true from `join` to `leave`, and after a crash in between. */
  joined: boolean
  /** The bootstrap addresses of the last `join`. */
  bootstrap: string[]
}

/** Addresses that are remembered; the latest ones count. */
const MAX_BOOTSTRAP = 64

const sessionSchema = v.object({ joined: v.boolean(), bootstrap: v.array(v.string()) })

/** `session.json` of a data folder. Only the owner of the folder writes it. */
export class SessionFile {
  readonly #path: string
  #session: Session
  #saved: Promise<void> = Promise.resolve()

  private constructor(path: string, session: Session) {
    this.#path = path
    this.#session = session
  }

  /** A missing or damaged file means: not joined. */
  static async load(dataFolder: string): Promise<SessionFile> {
    const path = join(dataFolder, 'session.json')
    const bytes = await readFileIfPresent(path)
    return new SessionFile(path, parseSession(bytes) ?? { joined: false, bootstrap: [] })
  }

  get session(): Session {
    return this.#session
  }

  /** Resolves once durable. Of saves that overlap, the last one stays. */
  async save(session: Session): Promise<void> {
    this.#session = session
    const write = (): Promise<void> =>
      writeFileAtomically(this.#path, Buffer.from(`${JSON.stringify(session)}\n`))
    this.#saved = this.#saved.then(write, write)
    await this.#saved
  }
}

/** The same peer, whose joins and leaves are written down for the next owner. */
export function recordSession(api: PeerApi, file: SessionFile): PeerApi {
  const record = new SessionRecord(file)
  const recorded = forwardPeer(
    (method, values) => callPeer(api, method, values),
    (event, listener) => api.on(event, listener)
  )
  return {
    ...recorded,
    join: (bootstrap, signal) => record.join(bootstrap, () => api.join(bootstrap, signal)),
    leave: () => record.leave(() => api.leave())
  }
}

/** Notes what is wanted before it is done, for the case of a crash, and takes back what came to nothing. */
class SessionRecord {
  readonly #file: SessionFile
  /** What was true when no join was under way. */
  #settled: Session
  #joining = 0
  #leaves = 0

  constructor(file: SessionFile) {
    this.#file = file
    this.#settled = file.session
  }

  async join<Result>(bootstrap: readonly string[], run: () => Promise<Result>): Promise<Result> {
    const leaves = this.#leaves
    this.#joining += 1
    try {
      await this.#file.save(withBootstrap(this.#file.session, bootstrap))
      const result = await run()
      if (leaves === this.#leaves) this.#settled = withBootstrap(this.#settled, bootstrap)
      return result
    } catch (error) {
      // Another join may still succeed; a leave has the last word.
      if (this.#joining === 1 && leaves === this.#leaves) await this.#file.save(this.#settled)
      throw error
    } finally {
      this.#joining -= 1
    }
  }

  async leave(run: () => Promise<void>): Promise<void> {
    this.#leaves += 1
    this.#settled = { ...this.#file.session, joined: false }
    await this.#file.save(this.#settled)
    await run()
  }
}

/** A join while joined adds ways into the same ring, and forgets none. */
function withBootstrap(session: Session, bootstrap: readonly string[]): Session {
  const known = session.joined ? session.bootstrap : []
  return { joined: true, bootstrap: [...new Set([...known, ...bootstrap])].slice(-MAX_BOOTSTRAP) }
}

function parseSession(bytes: Uint8Array | undefined): Session | undefined {
  if (!bytes) return undefined
  try {
    return v.parse(sessionSchema, JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch {
    // Worth nothing but a rejoin: the user joins again.
    return undefined
  }
}
