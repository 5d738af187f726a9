import { randomBytes } from 'node:crypto'

/** Randomness as the engine sees it, injected so that one seed reproduces a simulation. */
export interface Random {
  /** Uniform in [0, 1). For choices that need no secrecy. */
  float(): number
  /** `length` random bytes; cryptographically strong in `systemRandom`. */
  bytes(length: number): Uint8Array
}

/** Randomness of the operating system. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: length => new Uint8Array(randomBytes(length))
}

/** A uniformly random element, or undefined for an empty list. */
export function pickRandom<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random.float() * items.length)]
}
