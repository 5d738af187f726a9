import type { IncomingHttpHeaders } from 'node:http'

/** Authorities that are kept at most; the oldest goes first. */
const MAX_AUTHORITIES = 32

const AUTHORITY = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** Where editors' webviews live: the desktop's scheme, and the host that browsers load them from. */
const WEBVIEW_ORIGIN =
  /^(?:vscode-webview:\/\/[a-z0-9-]+|https:\/\/(?:[a-z0-9-]+\.)+(?:vscode-cdn\.net|vscode-webview\.net))$/

/**
 * Who may ask the stream server. Other pages in the user's browser can reach any loopback port; the Host header tells them
 * from a player (DNS rebinding), the Origin header from a script.
 */
export class StreamAccess {
  readonly #authorities = new Set<string>()

  /** A proxy stands before the server: players ask under this `host:port`. What is no authority is left out. */
  allow(authority: string): void {
    const normal = authority.toLowerCase()
    if (!AUTHORITY.test(normal)) return
    this.#authorities.delete(normal)
    this.#authorities.add(normal)
    const [oldest] = this.#authorities
    if (this.#authorities.size > MAX_AUTHORITIES && oldest !== undefined) this.#authorities.delete(oldest)
  }

  /** Whether a request with these headers may be answered by the server on `port`. */
  permits(headers: IncomingHttpHeaders, port: number): boolean {
    const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, ...this.#authorities])
    const { host, origin } = headers
    if (host === undefined || !hosts.has(host.toLowerCase())) return false
    return origin === undefined || isPermittedOrigin(origin.toLowerCase(), hosts)
  }
}

function isPermittedOrigin(origin: string, hosts: ReadonlySet<string>): boolean {
  if (WEBVIEW_ORIGIN.test(origin)) return true
  const authority = /^https?:\/\/(.+)$/.exec(origin)?.[1]
  return authority !== undefined && hosts.has(authority)
}
