import type { ContentRouting, Provider, RoutingOptions } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { PeerError } from '../errors.ts'
import type { ProviderRecord } from './record/provider-record.ts'
import type { Publication } from './record/publication.ts'

export interface ContentRoutingComponents {
  findProviders(key: Uint8Array, signal: AbortSignal): Promise<ProviderRecord[]>
  publicationsUnder(key: Uint8Array): Publication[]
}

/** Milliseconds for a look-up whose caller gave no signal. */
export const ROUTING_TIMEOUT = 30_000
const SHA2_256 = 0x12

/**
 * Chord as libp2p's content routing. A CID stands for a DHT key: its SHA-256 digest *is* the key. Records here are signed by
 * an announce key, which a CID alone does not give, so providing begins with `Chord.publish`.
 */
export class ChordContentRouting implements Partial<ContentRouting> {
  readonly #components: ContentRoutingComponents

  constructor(components: ContentRoutingComponents) {
    this.#components = components
  }

  /**
   * Renews what was published under the CID's key.
   * @throws PeerError NOT_SUPPORTED when nothing was
   */
  async provide(cid: CID, options: RoutingOptions = {}): Promise<void> {
    const publications = this.#components.publicationsUnder(keyOf(cid))
    if (publications.length === 0) {
      throw new PeerError('NOT_SUPPORTED', 'Publish the video first: its record needs the announce key.')
    }
    const signal = options.signal ?? AbortSignal.timeout(ROUTING_TIMEOUT)
    for (const publication of publications) publication.renew()
    await Promise.all(publications.map(publication => publication.acknowledged(signal)))
  }

  /** Withdraws what was published under the CID's key. */
  async cancelReprovide(cid: CID, options: RoutingOptions = {}): Promise<void> {
    const publications = this.#components.publicationsUnder(keyOf(cid))
    await Promise.all(publications.map(publication => publication.withdraw(options.signal)))
  }

  async *findProviders(cid: CID, options: RoutingOptions = {}): AsyncGenerator<Provider> {
    const signal = options.signal ?? AbortSignal.timeout(ROUTING_TIMEOUT)
    for (const record of await this.#components.findProviders(keyOf(cid), signal)) {
      yield {
        id: record.provider,
        multiaddrs: record.addresses.flatMap(address => {
          try {
            return [multiaddr(address)]
          } catch {
            // A provider signs what it likes as its addresses; those that are none are of no use to anybody.
            return []
          }
        }),
        routing: 'chord'
      }
    }
  }
}

function keyOf(cid: CID): Uint8Array {
  if (cid.multihash.code === SHA2_256) return cid.multihash.digest
  throw new PeerError('NOT_SUPPORTED', 'Only CIDs with a SHA-256 hash can be looked up here.')
}
