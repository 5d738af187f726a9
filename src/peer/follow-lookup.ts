import type { LookupResult, LookupStep, PeerApi } from './api.ts'

/**
 * Looks a video up and tells each hop as it happens, whoever runs the peer. When the peer changes hands meanwhile, the hops
 * begin anew.
 * @throws PeerError ID_INVALID, LINK_INVALID, NOT_JOINED, PEER_UNREACHABLE; ABORTED
 */
export async function followLookup(
  api: PeerApi,
  idOrLink: string,
  onStep: (step: LookupStep) => void,
  signal?: AbortSignal
): Promise<LookupResult> {
  const name = crypto.randomUUID()
  const unsubscribe = api.on('lookupStep', heard => {
    if (heard.name === name) onStep(heard.step)
  })
  try {
    return await api.lookup(idOrLink, { name }, signal)
  } finally {
    unsubscribe()
  }
}
