import * as vscode from 'vscode'
import type { ChunkMap, Digest } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { toPeerError } from '../../peer/errors.ts'
import { type ChunkRange, groupChunks } from '../../shared/chunk-ranges.ts'
import { displayName } from '../../shared/format.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { views } from '../ids.ts'
import { renderTooltip } from '../render-tooltip.ts'
import type { Contribution, Services } from '../services.ts'
import { chunkItem, chunkTooltip } from './chunk-item-model.ts'
import { toTreeItem } from './tree-item.ts'

/** Milliseconds between two readings of the chunk map while the view is visible. */
const refreshInterval = 500

interface ChunkNode {
  map: ChunkMap
  range: ChunkRange
}

class ChunkTreeProvider implements vscode.TreeDataProvider<ChunkNode> {
  readonly onDidChangeTreeData: vscode.Event<undefined>
  readonly #emitter = new vscode.EventEmitter<undefined>()
  #nodes: ChunkNode[] = []

  constructor() {
    this.onDidChangeTreeData = this.#emitter.event
  }

  show(map: ChunkMap | undefined): void {
    if (map === undefined && this.#nodes.length === 0) return
    this.#nodes = map === undefined ? [] : groupChunks(map).map(range => ({ map, range }))
    this.#emitter.fire(undefined)
  }

  getChildren(parent?: ChunkNode): ChunkNode[] {
    return parent === undefined ? this.#nodes : []
  }

  getParent(): undefined {
    return undefined
  }

  getTreeItem({ map, range }: ChunkNode): vscode.TreeItem {
    return toTreeItem(chunkItem(map, range))
  }

  resolveTreeItem(item: vscode.TreeItem, { map, range }: ChunkNode): vscode.TreeItem {
    item.tooltip = renderTooltip(chunkTooltip(map, range))
    return item
  }

  dispose(): void {
    this.#emitter.dispose()
  }
}

/** The Chunks view: the chunks of the selected video, grouped in ranges. Reads the map only while it is visible. */
export class ChunkTree implements Contribution {
  readonly #services: Services
  readonly #provider = new ChunkTreeProvider()
  #view: vscode.TreeView<ChunkNode> | undefined

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { controller, selection } = this.#services
    const owned = new DisposableStore()
    owned.add(this.#provider)
    const view = owned.add(vscode.window.createTreeView(views.chunks, { treeDataProvider: this.#provider }))
    this.#view = view
    const changes = owned.add(
      new ChangeBatch<Digest | undefined>(systemClock, refreshInterval, () => this.#readSafely())
    )
    const onChange = (): void => changes.add(selection.digest)
    owned.add(view.onDidChangeVisibility(onChange))
    owned.addUnsubscribe(selection.events.on('changed', onChange))
    owned.addUnsubscribe(controller.model.events.on('videos', onChange))
    owned.addUnsubscribe(
      controller.model.events.on('video', ({ digest }) => {
        if (digest === selection.digest) onChange()
      })
    )
    context.subscriptions.push(owned)
  }

  #readSafely(): void {
    this.#read().catch((error: unknown) => {
      this.#services.logger.debug(`the chunk map could not be read: ${toPeerError(error).message}`)
    })
  }

  async #read(): Promise<void> {
    if (this.#view?.visible !== true) return
    const { controller, selection } = this.#services
    const { digest } = selection
    const video = digest === undefined ? undefined : controller.model.video(digest)
    this.#view.description = video === undefined ? undefined : displayName(video.name)
    const map = video === undefined ? undefined : await controller.api?.chunkMap(video.digest)
    if (digest === selection.digest) this.#provider.show(map)
  }
}
