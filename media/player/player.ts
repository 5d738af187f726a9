import { registerUi } from '../ui.ts'
import { HostConnection } from './host-connection.ts'
import { PlayerView } from './player-view.ts'

registerUi()

/** Draws what the host tells: the page itself holds no data. */
function start(root: HTMLElement): void {
  const host = new HostConnection()
  const view = new PlayerView(root, host)
  host.listen({
    begin: state => view.begin(state),
    awaited: ({ text }) => view.showAwaited(text),
    video: video => view.showVideo(video),
    chunks: chunks => view.showChunks(chunks),
    peers: peers => view.showPeers(peers),
    network: network => view.showNetwork(network),
    pause: () => view.pause()
  })
  host.notify('ready', null)
}

const root = document.getElementById('player')
if (root !== null) start(root)
