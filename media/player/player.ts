import { registerUi } from '../ui.ts'
import { HostConnection } from './host-connection.ts'
import { PlayerView } from './player-view.ts'

registerUi()

/** Asks the host for everything, then draws: the page itself holds no data. */
async function start(root: HTMLElement): Promise<void> {
  const host = new HostConnection()
  const view = new PlayerView(root, host)
  host.listen({
    video: video => view.showVideo(video),
    chunks: chunks => view.showChunks(chunks),
    peers: peers => view.showPeers(peers),
    network: network => view.showNetwork(network),
    pause: () => view.pause()
  })
  try {
    view.begin(await host.request('ready'))
  } catch (error) {
    view.showMessage(error instanceof Error ? error.message : String(error))
  }
}

const root = document.getElementById('player')
if (root !== null) void start(root)
