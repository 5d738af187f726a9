import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import {
  createMessageConnection,
  PortMessageReader,
  PortMessageWriter,
  ResponseError
} from 'vscode-jsonrpc/node'
import type { SealStore } from '../identity/seal-store.ts'
import { createLogger } from '../log.ts'
import { ControlConnection } from './control-connection.ts'
import { encodeError } from './control-protocol.ts'
import { CONTROL_LIMITS } from './control-server.ts'
import { type EngineInit, engineProtocol } from './engine-protocol.ts'
import { type OpenedPeer, openPeer } from './open-peer.ts'
import { PortStream } from './port-stream.ts'

/** Entry point of the thread that runs the engine for an editor: see `openPeerInWorker`. */
function serveEngine(port: MessagePort, apiPort: MessagePort, init: EngineInit): void {
  const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port))
  const notify = (sending: Promise<void>): void => {
    // The editor's thread has gone: nobody is left to tell.
    sending.catch(() => process.exit())
  }
  const sealStore: SealStore = {
    kind: init.sealKind,
    load: async () => {
      const seal = await connection.sendRequest(engineProtocol.loadSeal)
      return seal === null ? undefined : new Uint8Array(Buffer.from(seal, 'base64'))
    },
    save: seal => connection.sendRequest(engineProtocol.saveSeal, Buffer.from(seal).toString('base64'))
  }
  let opened: OpenedPeer | undefined
  let { settings } = init
  connection.onRequest(engineProtocol.open, async () => {
    try {
      opened = await openPeer({
        dataFolder: init.dataFolder,
        settings: () => settings,
        sealStore,
        log: line => notify(connection.sendNotification(engineProtocol.log, line)),
        onRole: role => notify(connection.sendNotification(engineProtocol.role, role))
      })
      const log = createLogger('control', () => undefined)
      new ControlConnection(new PortStream(apiPort), Promise.resolve(opened.api), log, CONTROL_LIMITS)
    } catch (error) {
      const { message, data } = encodeError(error)
      return new ResponseError(0, message, data)
    }
  })
  connection.onNotification(engineProtocol.settings, changed => {
    settings = changed
  })
  connection.onRequest(engineProtocol.close, async () => {
    await opened?.close()
  })
  connection.listen()
}

if (parentPort) {
  const { apiPort, init } = workerData as { apiPort: MessagePort; init: EngineInit }
  serveEngine(parentPort as unknown as MessagePort, apiPort, init)
}
