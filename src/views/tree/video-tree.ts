import * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { countOf } from '../../shared/format.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { commands, views } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import type { PeerModel } from '../peer-model.ts'
import { renderTooltip } from '../render-tooltip.ts'
import type { Contribution, Services } from '../services.ts'
import { isTransferring } from '../video-state.ts'
import { openWhenVisible } from './open-when-visible.ts'
import { toTreeItem } from './tree-item.ts'
import { videoItem, videoTooltip } from './video-item-model.ts'

/** Milliseconds between two refreshes of a tree: four times a second at most. */
export const treeRefreshInterval = 250

/** A video in the tree. One object a video, so that the editor can refresh it alone. */
export class VideoNode {
  readonly digest: Digest

  constructor(digest: Digest) {
    this.digest = digest
  }
}

type Change = VideoNode | undefined

/** Gives the editor the videos of the model. */
export class VideoTreeProvider implements vscode.TreeDataProvider<VideoNode> {
  readonly onDidChangeTreeData: vscode.Event<VideoNode[] | undefined>
  readonly #controller: PeerController
  readonly #model: PeerModel
  readonly #nodes = new Map<Digest, VideoNode>()
  readonly #changes: ChangeBatch<Change>
  readonly #owned = new DisposableStore()

  constructor(controller: PeerController) {
    const { model } = controller
    this.#controller = controller
    this.#model = model
    const emitter = this.#owned.add(new vscode.EventEmitter<VideoNode[] | undefined>())
    this.onDidChangeTreeData = emitter.event
    this.#changes = this.#owned.add(
      new ChangeBatch<Change>(systemClock, treeRefreshInterval, changed => {
        const nodes = changed.filter(node => node !== undefined)
        emitter.fire(nodes.length === changed.length ? nodes : undefined)
      })
    )
    // In or out of the network, every line says something else.
    this.#owned.addUnsubscribe(controller.events.on('state', () => this.#changes.add(undefined)))
    this.#owned.addUnsubscribe(model.events.on('videos', () => this.#changes.add(undefined)))
    this.#owned.addUnsubscribe(model.events.on('video', video => this.#changes.add(this.node(video.digest))))
  }

  /** The node that stands for a video, for `reveal`. */
  node(digest: Digest): VideoNode {
    const node = this.#nodes.get(digest) ?? new VideoNode(digest)
    this.#nodes.set(digest, node)
    return node
  }

  getChildren(parent?: VideoNode): VideoNode[] {
    return parent === undefined ? this.#model.videos.map(video => this.node(video.digest)) : []
  }

  getParent(): undefined {
    return undefined
  }

  getTreeItem(node: VideoNode): vscode.TreeItem {
    const video = this.#model.video(node.digest)
    return video === undefined ? new vscode.TreeItem('') : toTreeItem(videoItem(video, this.#online))
  }

  async resolveTreeItem(item: vscode.TreeItem, node: VideoNode): Promise<vscode.TreeItem> {
    const video = this.#model.video(node.digest)
    if (video === undefined) return item
    item.tooltip = renderTooltip({ ...videoTooltip(video, this.#online), ...(await this.#pictureOf(video)) })
    return item
  }

  dispose(): void {
    this.#owned.dispose()
  }

  async #pictureOf({ digest, hasPoster }: VideoSnapshot): Promise<{ picture?: string }> {
    if (!hasPoster) return {}
    try {
      const poster = await (await this.#controller.open()).poster(digest)
      return poster ? { picture: `data:${poster.mimeType};base64,${poster.base64}` } : {}
    } catch {
      // The facts are worth showing without it.
      return {}
    }
  }

  get #online(): boolean {
    return this.#controller.state === 'joined'
  }
}

/** Files dropped on the Videos view are shared. */
class ShareOnDrop implements vscode.TreeDragAndDropController<VideoNode> {
  readonly dropMimeTypes = ['text/uri-list']
  readonly dragMimeTypes = []

  async handleDrop(_target: VideoNode | undefined, data: vscode.DataTransfer): Promise<void> {
    const list = await data.get('text/uri-list')?.asString()
    const uris = (list ?? '').split(/\r?\n/).filter(line => line !== '' && !line.startsWith('#'))
    if (uris.length === 0) return
    const files = uris.map(line => vscode.Uri.parse(line))
    await vscode.commands.executeCommand(commands.shareVideo, files[0], files)
  }
}

/** The Videos view: what is shared and fetched, with a badge for what is on its way. */
export class VideoTree implements Contribution {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { controller } = this.#services
    const { model } = controller
    const owned = new DisposableStore()
    const provider = owned.add(new VideoTreeProvider(controller))
    const view = owned.add(
      vscode.window.createTreeView(views.videos, {
        treeDataProvider: provider,
        canSelectMany: true,
        dragAndDropController: new ShareOnDrop()
      })
    )
    owned.add(
      view.onDidChangeSelection(({ selection }) => this.#services.selection.select(selection[0]?.digest))
    )
    openWhenVisible(view, this.#services)
    const updateBadge = (): void => {
      const active = model.videos.filter(isTransferring).length
      if (view.badge?.value === active || (active === 0 && view.badge === undefined)) return
      view.badge =
        active === 0 ? undefined : { value: active, tooltip: `${countOf(active, 'active transfer')}` }
    }
    owned.addUnsubscribe(model.events.on('video', updateBadge))
    owned.addUnsubscribe(model.events.on('videos', updateBadge))
    context.subscriptions.push(owned)
  }
}
