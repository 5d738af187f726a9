import type { Hint } from '../../../src/peer/gossip/hint.ts'

export const AUTHOR = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'
export const OTHER = '12D3KooWHFKTMzwerBtsVmtz4ZZEQy2heafxzWw6wNn5PPYkBxJ5'
export const HINT_KEY = new Uint8Array(32).fill(7)

export function addressOf(peerId: string, port = 4101): string {
  return `/ip4/10.0.0.1/tcp/${port}/p2p/${peerId}`
}

/** A hint about a video of 100 chunks. */
export function sampleHint(changed: Partial<Hint> = {}): Hint {
  return {
    sequence: 1_000_000,
    count: 100,
    have: 40,
    ranges: [
      [0, 10],
      [50, 60]
    ],
    addresses: [addressOf(AUTHOR)],
    load: { active: 3, limit: 50 },
    leaving: false,
    ...changed
  }
}
