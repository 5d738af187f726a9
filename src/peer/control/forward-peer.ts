import type { PeerApi } from '../api.ts'
import { PEER_METHOD_NAMES, type PeerMethod } from './control-protocol.ts'

/** Carries a call of any method of a peer to wherever it is answered. */
export type PeerCall = (method: PeerMethod, values: unknown[]) => Promise<unknown>

/** A `PeerApi` whose methods all go through `call`, with the arguments as given. */
export function forwardPeer(call: PeerCall, on: PeerApi['on']): PeerApi {
  const methods = PEER_METHOD_NAMES.map(method => [
    method,
    (...values: unknown[]): Promise<unknown> => call(method, values)
  ])
  // The names come from a table that has every method, and `call` gives each method's own result.
  return { ...(Object.fromEntries(methods) as Omit<PeerApi, 'on'>), on }
}

/** Calls a method of `api` by its name. */
export async function callPeer(api: PeerApi, method: PeerMethod, values: unknown[]): Promise<unknown> {
  return await Reflect.apply(api[method], api, values)
}
