import { createServer, isIPv6 } from 'node:net'
import { PeerError, systemErrorCode } from '../errors.ts'

/** Hosts that only this machine reaches. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** Whether a peer with these hosts is reachable from this machine only. No host means all interfaces. */
export function listensOnLoopbackOnly(hosts: readonly string[]): boolean {
  return hosts.length > 0 && hosts.every(isLoopbackHost)
}

/** The multiaddrs to listen on: one a host, or all interfaces of both families. */
export function listenMultiaddrs(hosts: readonly string[], port: number): string[] {
  const chosen = hosts.length > 0 ? hosts : ['0.0.0.0', '::']
  return chosen.map(
    host => `/${isIPv6(host) ? 'ip6' : 'ip4'}/${host === 'localhost' ? '127.0.0.1' : host}/tcp/${port}`
  )
}

/**
 * Finds out before libp2p does whether the port can be had, so that the user learns which of the two is wrong.
 * @throws PeerError PORT_IN_USE, HOST_UNAVAILABLE
 */
export async function requireFreePort(hosts: readonly string[], port: number): Promise<void> {
  for (const host of hosts.length > 0 ? hosts : ['0.0.0.0']) await tryListening(host, port)
}

function tryListening(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', error => reject(listenError(host, port, error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}

function listenError(host: string, port: number, cause: Error): PeerError {
  const code = systemErrorCode(cause)
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    return new PeerError(
      'PORT_IN_USE',
      `Port ${port} on ${host} is taken or not allowed. Choose another port, or 0 to have one drawn.`,
      { cause }
    )
  }
  return new PeerError(
    'HOST_UNAVAILABLE',
    `This machine cannot listen on ${host}. Choose one of its own addresses, or none for all of them.`,
    { cause }
  )
}

/**
 * The port to listen on: the one asked for, or the data folder's own, which stays the same so that links stay true. Should another
 * program have taken it meanwhile, the system chooses one for this time.
 * @throws PeerError PORT_IN_USE, HOST_UNAVAILABLE
 */
export async function chooseListenPort(
  settings: { hosts: readonly string[]; port: number },
  folder: { listenPort(): Promise<number> }
): Promise<number> {
  if (settings.port !== 0) {
    await requireFreePort(settings.hosts, settings.port)
    return settings.port
  }
  const kept = await folder.listenPort()
  try {
    await requireFreePort(settings.hosts, kept)
    return kept
  } catch (error) {
    if (error instanceof PeerError && error.code === 'PORT_IN_USE') return 0
    throw error
  }
}
