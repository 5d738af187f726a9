import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PrivateKey } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type ServiceFactoryMap } from 'libp2p'
import { type Chord, type ChordInit, chord } from '../chord/chord.ts'
import type { GossipsubPubsub } from '../gossip/gossipsub-pubsub.ts'
import type { Logger } from '../log.ts'
import { compareAddresses } from './address-sorter.ts'
import { listenMultiaddrs, listensOnLoopbackOnly } from './listen-addresses.ts'
import { kernelTls } from './tls/kernel-tls.ts'
import { TcpSockets, tcpNoting } from './tls/tcp-sockets.ts'

/** Where and how a node listens. */
export interface NodeInit {
  privateKey: PrivateKey
  /** Addresses to listen on; empty for all interfaces. */
  hosts: readonly string[]
  port: number
  ring: string
  /** Find peers of the same ring by mDNS; off whenever `hosts` is loopback only. */
  lanDiscovery: boolean
  /** Carry traffic for peers that cannot be dialled. */
  relay: boolean
  gater: ConnectionGater
  chord: ChordInit
  /** Absent: no gossip. */
  pubsub?: GossipsubPubsub
  log: Logger
}

export interface NodeServices extends Record<string, unknown> {
  chord: Chord
}

export type Node = Libp2p<NodeServices>

const MAX_CONNECTIONS = 150
/** Milliseconds between two pings of a connection. */
const PING_INTERVAL = 60_000
const RELAY_DATA_LIMIT = 64n * 2n ** 30n
const RELAY_DURATION_LIMIT = 12 * 60 * 60 * 1000

/** Starts libp2p with the modules of our stack, outermost first: transports, encryption, streams, discovery, services. */
export async function startNode(init: NodeInit): Promise<Node> {
  const local = listensOnLoopbackOnly(init.hosts)
  const portMapping = local ? undefined : await loadPortMapping(init.log)
  const sockets = new TcpSockets()
  return await createLibp2p<NodeServices>({
    privateKey: init.privateKey,
    addresses: { listen: listenMultiaddrs(init.hosts, init.port) },
    transports: [
      tcpNoting(sockets, { dialOpts: { noDelay: true }, listenOpts: { noDelay: true } }),
      webSockets(),
      circuitRelayTransport()
    ],
    // TLS first: noise has no native cipher under Electron and is several times slower there.
    connectionEncrypters: [kernelTls(sockets), noise()],
    streamMuxers: [yamux()],
    peerDiscovery: init.lanDiscovery && !local ? [mdns({ serviceTag: mdnsServiceTag(init.ring) })] : [],
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      addressSorter: (a, b) => compareAddresses(a, b),
      addressDialTimeout: 4_000,
      // The defaults (5 connections a second from one host) cut off an office behind one address.
      inboundConnectionThreshold: 200,
      maxIncomingPendingConnections: 100,
      // Chord and the transfers decide themselves whom to call back.
      reconnectRetries: 0
    },
    // Each ping opens a stream: at libp2p's 10 s, those of thirty idle connections take 3 % of a core. The ring finds its dead
    // neighbours by itself. A saturated link delays pings; only a peer that is silent for long is given up.
    connectionMonitor: { pingInterval: PING_INTERVAL, pingTimeout: { minTimeout: 20_000 } },
    services: services(init, local, portMapping)
  })
}

function services(
  init: NodeInit,
  local: boolean,
  portMapping?: ServiceFactory
): ServiceFactoryMap<NodeServices> {
  return {
    identify: identify(),
    ping: ping(),
    chord: chord(init.chord),
    ...(init.pubsub ? { pubsub: init.pubsub.service } : {}),
    ...(local ? {} : { autoNAT: autoNAT(), dcutr: dcutr() }),
    ...(portMapping ? { portMapping } : {}),
    ...(init.relay
      ? {
          relay: circuitRelayServer({
            reservations: {
              maxReservations: 128,
              defaultDataLimit: RELAY_DATA_LIMIT,
              defaultDurationLimit: RELAY_DURATION_LIMIT
            }
          })
        }
      : {})
  }
}

type ServiceFactory = ServiceFactoryMap<NodeServices>[string]

/** UPnP is a comfort: a network without it, or a bundle in which it fails to load, must not keep a peer from starting. */
async function loadPortMapping(log: Logger): Promise<ServiceFactory | undefined> {
  try {
    const { uPnPNAT } = await import('@libp2p/upnp-nat')
    // In a ring of two nobody else could confirm the mapped address.
    return uPnPNAT({ autoConfirmAddress: true, portMappingDescription: 'Chordcast' })
  } catch (error) {
    log.warn('port mapping by UPnP is not available', error)
    return undefined
  }
}

/** Rings of other names, and other libp2p programs on the LAN, are not our business. */
function mdnsServiceTag(ring: string): string {
  return `_chordcast-${ring.replace(/[^a-z0-9]/gi, '-').toLowerCase()}._udp.local`
}
