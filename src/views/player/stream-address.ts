/** Where a webview finds the stream. */
export interface StreamAddress {
  url: string
  /** Scheme and authority, for the content security policy. */
  origin: string
}

/**
 * The address of a stream behind the editor's forwarding. Some forwarders drop path and query, so only the bare
 * origin goes through them and the path is appended here.
 *
 * @param external What `asExternalUri` made of the stream server's origin; may have a path of its own.
 * @param localUrl The address as the stream server gave it.
 */
export function externalStreamAddress(external: string, localUrl: string): StreamAddress {
  const outside = new URL(external)
  const { pathname, search } = new URL(localUrl)
  const prefix = outside.pathname.replace(/\/+$/, '')
  return { url: `${outside.origin}${prefix}${pathname}${search}`, origin: outside.origin }
}
