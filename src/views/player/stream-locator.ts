import * as vscode from 'vscode'
import type { Digest, PeerApi } from '../../peer/api.ts'
import { externalStreamAddress, type StreamAddress } from './stream-address.ts'

/** Finds the stream of a video, and makes it reachable from this window, also when that is remote. */
export class StreamLocator {
  readonly #open: () => Promise<PeerApi>
  readonly #digest: Digest
  /** The stream server's own origin, and where this window finds it: that may have a path of its own. */
  #server: { local: string; external: string } | undefined

  constructor(open: () => Promise<PeerApi>, digest: Digest) {
    this.#open = open
    this.#digest = digest
  }

  /** The origin that the stream will have, known at once; what a player reads first is fetched first from now on. */
  async expect(): Promise<string> {
    const api = await this.#open()
    return new URL(await this.#reach(api, await api.expectPlayer(this.#digest))).origin
  }

  /** Waits until the video's key is known. */
  async locate(): Promise<StreamAddress> {
    const api = await this.#open()
    const url = await api.streamUrl(this.#digest)
    return externalStreamAddress(await this.#reach(api, new URL(url).origin), url)
  }

  async #reach(api: PeerApi, local: string): Promise<string> {
    // The peer may serve from another window by now.
    if (this.#server?.local === local) return this.#server.external
    const external = (await vscode.env.asExternalUri(vscode.Uri.parse(local))).toString(true)
    await api.allowStreamHost(new URL(external).host)
    this.#server = { local, external }
    return external
  }
}
