import { isDeepStrictEqual } from 'node:util'
import * as vscode from 'vscode'
import type { ConnectedPeerSnapshot, Digest, RingSnapshot } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { countOf } from '../../shared/format.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { views } from '../ids.ts'
import type { PeerModel } from '../peer-model.ts'
import { renderTooltip } from '../render-tooltip.ts'
import type { Contribution, Services } from '../services.ts'
import type { Tooltip } from '../tooltip.ts'
import { openWhenVisible } from './open-when-visible.ts'
import { holdingItem, peerItem, peerTooltip } from './peer-item-model.ts'
import { type RingLine, ringLine, showsRing } from './ring-item-model.ts'
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

/** This peer's place in the ring, or (with a line) a part of it. */
export class RingNode {
  readonly line: RingLine | undefined
  readonly parent: RingNode | undefined

  constructor(part?: { line: RingLine; parent: RingNode }) {
    this.line = part?.line
    this.parent = part?.parent
  }
}

type TreeNode = PeerNode | RingNode

class PeerTreeProvider implements vscode.TreeDataProvider<TreeNode> {
  readonly onDidChangeTreeData: vscode.Event<TreeNode[] | undefined>
  readonly #model: PeerModel
  readonly #owned = new DisposableStore()
  readonly #ring = new RingNode()
  #nodes = new Map<string, PeerNode>()
  #shownRing: RingSnapshot | undefined

  constructor(model: PeerModel) {
    this.#model = model
    const emitter = this.#owned.add(new vscode.EventEmitter<TreeNode[] | undefined>())
    this.onDidChangeTreeData = emitter.event
    const changes = this.#owned.add(
      new ChangeBatch<'peers' | 'ring'>(systemClock, treeRefreshInterval, changed =>
        emitter.fire(this.#take(changed))
      )
    )
    this.#owned.addUnsubscribe(model.events.on('peers', () => changes.add('peers')))
    this.#owned.addUnsubscribe(
      model.events.on('status', status => {
        if (!isDeepStrictEqual(status?.ring, this.#shownRing)) changes.add('ring')
      })
    )
  }

  getChildren(parent?: TreeNode): TreeNode[] {
    if (parent === undefined) {
      return [...(showsRing(this.#model.status?.ring) ? [this.#ring] : []), ...this.#nodes.values()]
    }
    if (parent instanceof RingNode) {
      return (this.#lineOf(parent)?.children ?? []).map(line => new RingNode({ line, parent }))
    }
    if (parent.digest !== undefined) return []
    const holds = this.#peer(parent)?.holds ?? []
    return holds.map(({ digest }) => new PeerNode(parent.peerId, { digest, parent }))
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const { Collapsed, None } = vscode.TreeItemCollapsibleState
    if (node instanceof RingNode) {
      const line = this.#lineOf(node)
      return line
        ? toTreeItem(line.item, line.children.length > 0 ? Collapsed : None)
        : new vscode.TreeItem('')
    }
    const peer = this.#peer(node)
    if (peer === undefined) return new vscode.TreeItem('')
    const holding = peer.holds.find(({ digest }) => digest === node.digest)
    if (holding !== undefined)
      return toTreeItem(holdingItem(peer, holding, this.#model.video(holding.digest)))
    return toTreeItem(peerItem(peer), peer.holds.length > 0 ? Collapsed : None)
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    const tooltip = node instanceof RingNode ? this.#lineOf(node)?.tooltip : this.#peerTooltip(node)
    if (tooltip !== undefined) item.tooltip = renderTooltip(tooltip)
    return item
  }

  dispose(): void {
    this.#owned.dispose()
  }

  #lineOf(node: RingNode): RingLine | undefined {
    const { status, peers } = this.#model
    return node.line ?? (status?.ring && ringLine(status.ring, peers))
  }

  #peer({ peerId }: PeerNode): ConnectedPeerSnapshot | undefined {
    return this.#model.peers.find(peer => peer.peerId === peerId)
  }

  #peerTooltip(node: PeerNode): Tooltip | undefined {
    const peer = this.#peer(node)
    return peer !== undefined && node.digest === undefined ? peerTooltip(peer) : undefined
  }

  /** Takes over what changed in the model; returns the nodes to refresh, or undefined for the whole tree. */
  #take(changed: readonly ('peers' | 'ring')[]): TreeNode[] | undefined {
    const ringShows = showsRing(this.#model.status?.ring)
    const ringShowed = showsRing(this.#shownRing)
    this.#shownRing = this.#model.status?.ring
    const peers = changed.includes('peers') ? this.#takePeers() : []
    if (peers === undefined || ringShows !== ringShowed) return undefined
    return ringShows ? [this.#ring, ...peers] : peers
  }

  /** Takes over the peers of the model; returns their nodes, or undefined when the set changed. */
  #takePeers(): PeerNode[] | undefined {
    const before = this.#nodes
    const ids = this.#model.peers.map(({ peerId }) => peerId)
    this.#nodes = new Map(ids.map(peerId => [peerId, before.get(peerId) ?? new PeerNode(peerId)]))
    const same = ids.length === before.size && ids.every(peerId => before.has(peerId))
    return same ? [...this.#nodes.values()] : undefined
  }
}

/** The Peers view: this peer's place in the ring, who it is connected to and what they hold. */
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
