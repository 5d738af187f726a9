import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { type Chord, type ChordInit, chord } from '../../../src/peer/chord/chord.ts'
import { type AnnounceKey, dhtKeyOf } from '../../../src/peer/chord/record/provider-record.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import type { Signer } from '../../../src/peer/wire/signature.ts'

export type TestPeer = Libp2p<{ chord: Chord }>

export function signerOf(key: PrivateKey): Signer {
  return {
    algorithm: key.type === 'RSA' ? 'rsa-sha256' : 'ed25519',
    publicKey: publicKeyToProtobuf(key.publicKey),
    sign: async bytes => key.sign(bytes)
  }
}

export async function makeAnnounceKey(): Promise<AnnounceKey> {
  const signer = signerOf(await generateKeyPair('Ed25519'))
  return { ...signer, dhtKey: dhtKeyOf(signer.publicKey) }
}

/** A real libp2p node on loopback. Ed25519 identities: making RSA keys would take most of the test's time. */
export async function startPeer(init: Partial<ChordInit> = {}, key?: PrivateKey): Promise<TestPeer> {
  const privateKey = key ?? (await generateKeyPair('Ed25519'))
  return await createLibp2p({
    privateKey,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    services: {
      identify: identify(),
      chord: chord({ ring: 'test', signer: signerOf(privateKey), log: silentLogger, ...init })
    }
  })
}
