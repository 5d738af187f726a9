import type { Digest, PeerApi } from '../../peer/api.ts'
import { externalStreamAddress, type StreamAddress } from './stream-address.ts'
import type { StreamForwarding } from './stream-forwarding.ts'

/** Finds the stream of a video. */
export class StreamLocator {
  readonly #open: () => Promise<PeerApi>
  readonly #forwarding: StreamForwarding
  readonly #digest: Digest

  constructor(open: () => Promise<PeerApi>, forwarding: StreamForwarding, digest: Digest) {
    this.#open = open
    this.#forwarding = forwarding
    this.#digest = digest
  }

  /** The origin that the stream will have, known at once; what a player reads first is fetched first from now on. */
  async expect(): Promise<string> {
    const api = await this.#open()
    return new URL(await this.#forwarding.reach(api, await api.expectPlayer(this.#digest))).origin
  }

  /** Waits until the video's key is known. */
  async locate(): Promise<StreamAddress> {
    const api = await this.#open()
    const url = await api.streamUrl(this.#digest)
    return externalStreamAddress(await this.#forwarding.reach(api, new URL(url).origin), url)
  }
}
