import * as vscode from 'vscode'
import type { Digest, PeerApi } from '../../peer/api.ts'
import { externalStreamAddress, type StreamAddress } from './stream-address.ts'

/** Asks for the stream of a video and makes it reachable from this window, also when that is remote. */
export async function locateStream(api: PeerApi, digest: Digest): Promise<StreamAddress> {
  const local = await api.streamUrl(digest)
  const external = await vscode.env.asExternalUri(vscode.Uri.parse(new URL(local).origin))
  const address = externalStreamAddress(external.toString(true), local)
  await api.allowStreamHost(new URL(address.url).host)
  return address
}
