import type { SecretStorage } from 'vscode'
import type { SealStore } from '../peer/identity/seal-store.ts'

const secretName = 'chordcast.seal'

/** Keeps the key that seals the keystore in the editor's secret storage, as base64. */
export function secretSealStore(secrets: SecretStorage): SealStore {
  return {
    kind: 'editor',
    async load() {
      const text = await secrets.get(secretName)
      return text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64'))
    },
    async save(seal) {
      await secrets.store(secretName, Buffer.from(seal).toString('base64'))
    }
  }
}
