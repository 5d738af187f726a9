import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { generateCertificate } from '@libp2p/tls/utils'
import { roleSystem } from './role-system.ts'

const PROGRAM = join(import.meta.dirname, 'tls-copy-process.ts')

/** The least that an encrypted and checked copy takes in Node: TLS 1.3 on one socket, SHA-256 on the way, a file. */
export const tlsCopy = roleSystem({
  name: 'node:tls + SHA-256',
  command: async () => [process.execPath, PROGRAM],
  seedTask: async ({ path }) => ({
    path,
    ...(await generateCertificate(await generateKeyPair('Ed25519')))
  }),
  fetchTask: async ({ name }) => ({ name })
})
