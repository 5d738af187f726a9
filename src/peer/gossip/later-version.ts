import { PeerError } from '../errors.ts'

/** @throws PeerError UPGRADE_NEEDED: it is well-formed, and nobody is to blame */
export function refuseLaterVersion(value: unknown, known: number): void {
  if (typeof value !== 'object' || value === null || !('version' in value)) return
  if (typeof value.version === 'number' && value.version > known) {
    throw new PeerError(
      'UPGRADE_NEEDED',
      'A peer tells more than this version can read. Update the extension.'
    )
  }
}
