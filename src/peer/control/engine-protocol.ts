import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc/node'
import type { SealStore } from '../identity/seal-store.ts'
import type { LogLine } from '../log.ts'
import type { PeerSettings } from '../settings.ts'
import type { PeerOwnership } from './open-peer.ts'

/** What the thread that runs the engine is started with. */
export interface EngineInit {
  dataFolder: string
  settings: PeerSettings
  sealKind: SealStore['kind']
}

/**
 * How an editor's thread and the engine's thread speak about the engine itself. `PeerApi` travels beside it, over a
 * `PortStream`, exactly as it does over the control socket.
 */
export const engineProtocol = {
  /** Opens the peer; answered when it is open. */
  open: new RequestType0<void, { code: string }>('engine/open'),
  /** Closes the peer; answered when the data folder is free. */
  close: new RequestType0<void, void>('engine/close'),
  /** The settings of now, for a peer that this process inherits later. */
  settings: new NotificationType<PeerSettings>('engine/settings'),
  /** Asks the editor's thread for the seal; base64, null when there is none. */
  loadSeal: new RequestType0<string | null, void>('seal/load'),
  saveSeal: new RequestType<string, void, void>('seal/save'),
  log: new NotificationType<LogLine>('engine/log'),
  role: new NotificationType<PeerOwnership>('engine/role')
}
