import * as vscode from 'vscode'
import type { PeerApi } from '../../peer/api.ts'

/** The peer's stream server as this window finds it, also when that is remote. The editor is asked once for each server. */
export class StreamForwarding {
  #known: { api: PeerApi; local: string; external: Promise<string> } | undefined

  /** A player may be about to open: has the server ready by then. That this failed, the player will tell. */
  prepare(api: PeerApi): void {
    api
      .streamOrigin()
      .then(local => this.reach(api, local))
      .catch(() => undefined)
  }

  /**
   * Where this window finds the server; the address may have a path of its own.
   *
   * @param local The server's own origin.
   */
  reach(api: PeerApi, local: string): Promise<string> {
    // The peer may serve from another window by now.
    if (this.#known?.api === api && this.#known.local === local) return this.#known.external
    const external = forward(api, local)
    const known = { api, local, external }
    this.#known = known
    external.catch(() => {
      if (this.#known === known) this.#known = undefined
    })
    return external
  }
}

async function forward(api: PeerApi, local: string): Promise<string> {
  const external = (await vscode.env.asExternalUri(vscode.Uri.parse(local))).toString(true)
  await api.allowStreamHost(new URL(external).host)
  return external
}
