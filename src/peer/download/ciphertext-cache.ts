/** Bytes of ciphertext that are kept when nothing else is said. */
export const DEFAULT_CACHE_QUOTA = 4 * 1024 ** 3

/** The least that a quota may be: what players of a large video need is not given up. */
export const MIN_CACHE_QUOTA = 64 * 1024 ** 2

/** The ciphertext of one video, as the quota sees it. */
export interface CacheMember {
  /** Of all its chunks that are here. */
  readonly bytes: number
  /** Whether a player is on it. */
  readonly isPlaying: boolean
  /** Its chunk that was used longest ago, in milliseconds since the epoch, and that no player needs. */
  readonly stalest: { readonly index: number; readonly usedAt: number } | undefined
  evict(index: number): Promise<void>
}

/**
 * The quota that all videos share which are watched without being saved. Room is made by giving up the chunks that were played
 * longest ago: those of videos that nobody plays first, never those that a player is about to need, even if the quota is smaller.
 */
export class CiphertextCache {
  /** Bytes. */
  readonly quota: number
  readonly #members = new Set<CacheMember>()
  #coming = 0

  constructor(quota = DEFAULT_CACHE_QUOTA) {
    this.quota = quota
  }

  /** Of all ciphertext that is here. */
  get bytes(): number {
    return sum([...this.#members])
  }

  /** Bytes that can be had without giving up anything of a video that is being played. */
  get spareBytes(): number {
    return Math.max(0, this.quota - sum([...this.#members].filter(member => member.isPlaying)))
  }

  add(member: CacheMember): void {
    this.#members.add(member)
  }

  remove(member: CacheMember): void {
    this.#members.delete(member)
  }

  /** Makes room for `bytes` more, and lets `write` add them. Several may be written at once. */
  async write(bytes: number, write: () => Promise<void>): Promise<void> {
    this.#coming += bytes
    try {
      await this.trim()
      await write()
    } finally {
      this.#coming -= bytes
    }
  }

  /** Gives up chunks until the rest, and what is being written, fits, or all that is left is needed by players. */
  async trim(): Promise<void> {
    while (this.bytes + this.#coming > this.quota) {
      const member = this.#stalest()
      if (!member?.stalest) return
      await member.evict(member.stalest.index)
    }
  }

  #stalest(): CacheMember | undefined {
    const age = ({ isPlaying, stalest }: CacheMember): [number, number] => [
      isPlaying ? 1 : 0,
      stalest?.usedAt ?? 0
    ]
    return [...this.#members]
      .filter(({ stalest }) => stalest !== undefined)
      .sort((a, b) => age(a)[0] - age(b)[0] || age(a)[1] - age(b)[1])[0]
  }
}

function sum(members: readonly CacheMember[]): number {
  return members.reduce((total, { bytes }) => total + bytes, 0)
}
