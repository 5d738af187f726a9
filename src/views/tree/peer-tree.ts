import * as vscode from 'vscode'
import type { ConnectedPeerSnapshot, Digest } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { countOf } from '../../shared/format.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { views } from '../ids.ts'
import type { PeerModel } from '../peer-model.ts'
import { renderTooltip } from '../render-tooltip.ts'
import type { Contribution, Services } from '../services.ts'
import { openWhenVisible } from './open-when-visible.ts'
import { holdingItem, peerItem, peerTooltip } from './peer-item-model.ts'
import { toTreeItem } from './tree-item.ts'
import { treeRefreshInterval } from './video-tree.ts'

/** A connected peer in the tree, or (with a digest) what it holds of one video. */
export class PeerNode {
  readonly peerId: string
  readonly digest: Digest | undefined
  readonly parent: PeerNode | undefined

  constructor(peerId: string, holding?: { digest: Digest; parent: PeerNode }) {
    this.peerId = peerId
    this.digest = holding?.digest
    this.parent = holding?.parent
  }
}

class PeerTreeProvider implements vscode.TreeDataProvider<PeerNode> {
  readonly onDidChangeTreeData: vscode.Event<PeerNode[] | undefined>
  readonly #model: PeerModel
  readonly #owned = new DisposableStore()
  #nodes = new Map<string, PeerNode>()

  constructor(model: PeerModel) {
    this.#model = model
    const emitter = this.#owned.add(new vscode.EventEmitter<PeerNode[] | undefined>())
    this.onDidChangeTreeData = emitter.event
    const changes = this.#owned.add(
      new ChangeBatch<'peers'>(systemClock, treeRefreshInterval, () => emitter.fire(this.#takePeers()))
    )
    this.#owned.addUnsubscribe(model.events.on('peers', () => changes.add('peers')))
  }

  getChildren(parent?: PeerNode): PeerNode[] {
    if (parent === undefined) return [...this.#nodes.values()]
    if (parent.digest !== undefined) return []
    const holds = this.#peer(parent)?.holds ?? []
    return holds.map(({ digest }) => new PeerNode(parent.peerId, { digest, parent }))
  }

  getParent(node: PeerNode): PeerNode | undefined {
    return node.parent
  }

  getTreeItem(node: PeerNode): vscode.TreeItem {
    const peer = this.#peer(node)
    if (peer === undefined) return new vscode.TreeItem('')
    const holding = peer.holds.find(({ digest }) => digest === node.digest)
    if (holding !== undefined)
      return toTreeItem(holdingItem(peer, holding, this.#model.video(holding.digest)))
    const { Collapsed, None } = vscode.TreeItemCollapsibleState
    return toTreeItem(peerItem(peer), peer.holds.length > 0 ? Collapsed : None)
  }

  resolveTreeItem(item: vscode.TreeItem, node: PeerNode): vscode.TreeItem {
    const peer = this.#peer(node)
    if (peer !== undefined && node.digest === undefined) item.tooltip = renderTooltip(peerTooltip(peer))
    return item
  }

  dispose(): void {
    this.#owned.dispose()
  }

  #peer({ peerId }: PeerNode): ConnectedPeerSnapshot | undefined {
    return this.#model.peers.find(peer => peer.peerId === peerId)
  }

  /** Takes over the peers of the model; returns the nodes to refresh, or undefined when the set changed. */
  #takePeers(): PeerNode[] | undefined {
    const before = this.#nodes
    const ids = this.#model.peers.map(({ peerId }) => peerId)
    this.#nodes = new Map(ids.map(peerId => [peerId, before.get(peerId) ?? new PeerNode(peerId)]))
    const same = ids.length === before.size && ids.every(peerId => before.has(peerId))
    return same ? [...this.#nodes.values()] : undefined
  }
}

/** The Peers view: who this peer is connected to and what they hold. */
export class PeerTree implements Contribution {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { model } = this.#services.controller
    const owned = new DisposableStore()
    const provider = owned.add(new PeerTreeProvider(model))
    const view = owned.add(vscode.window.createTreeView(views.peers, { treeDataProvider: provider }))
    openWhenVisible(view, this.#services)
    const describe = (): void => {
      const size = model.status?.ring?.estimatedSize ?? 0
      view.description = size === 0 ? undefined : `ring of ${countOf(size, 'peer')}`
    }
    owned.addUnsubscribe(model.events.on('status', describe))
    context.subscriptions.push(owned)
  }
}
