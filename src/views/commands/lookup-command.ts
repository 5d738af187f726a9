import * as vscode from 'vscode'
import type { LookupResult, LookupStep, PeerApi } from '../../peer/api.ts'
import { followLookup } from '../../peer/follow-lookup.ts'
import { displayName, shortPeerId } from '../../shared/format.ts'
import { DisposableStore } from '../disposable.ts'
import { commands } from '../ids.ts'
import type { Services } from '../services.ts'
import { chooseReference } from './choose-reference.ts'
import type { Command } from './command.ts'
import { videosFromArguments } from './command-targets.ts'
import { type LookupLine, lookupLines, lookupSummary } from './lookup-lines.ts'

const title = 'Look Up Holders'
const briefly = 4000

interface Target {
  idOrLink: string
  /** What the list is headed with. */
  heading: string
}

/** Who holds a video, and by which hops of the ring that is found, shown while it happens. */
export function lookupCommands(services: Services): Command[] {
  return [{ id: commands.lookUpHolders, run: (...args) => lookUpHolders(services, args) }]
}

async function lookUpHolders(services: Services, args: unknown[]): Promise<LookupResult | undefined> {
  const { controller } = services
  const api = await controller.open()
  const target = await chooseTarget(services, args)
  if (target === undefined || !(await controller.join())) return undefined
  const list = new LookupList(target.heading, controller.model.status?.peerId)
  try {
    return await list.follow(api, target.idOrLink)
  } catch (error) {
    list.dispose()
    // Who closed the list wants to hear no more of it.
    if (list.signal.aborted) return undefined
    throw error
  }
}

async function chooseTarget({ controller }: Services, args: unknown[]): Promise<Target | undefined> {
  const { model } = controller
  const [given] = args
  const [clicked] = videosFromArguments(model, args)
  const question = { title, placeHolder: 'Look up the holders of which video?' }
  const named = clicked?.id ?? (typeof given === 'string' ? given : undefined)
  const idOrLink = named ?? (await chooseReference(model.videos, question))
  if (idOrLink === undefined) return undefined
  const video = model.videos.find(({ id }) => id === idOrLink)
  return { idOrLink, heading: video === undefined ? title : `${title}: ${displayName(video.name)}` }
}

type LookupPick = vscode.QuickPickItem & { peerId?: string }

/** A list that fills while the look-up goes on. Closing it ends the look-up; picking a peer copies its id. */
class LookupList {
  readonly #owned = new DisposableStore()
  readonly #ended = new AbortController()
  readonly #pick: vscode.QuickPick<LookupPick>
  readonly #ownPeerId: string | undefined
  readonly #steps: LookupStep[] = []

  constructor(heading: string, ownPeerId: string | undefined) {
    this.#ownPeerId = ownPeerId
    const pick = this.#owned.add(vscode.window.createQuickPick<LookupPick>())
    pick.title = heading
    pick.placeholder = 'Asking the ring…'
    pick.busy = true
    pick.matchOnDescription = true
    pick.keepScrollPosition = true
    this.#owned.add(pick.onDidHide(() => this.dispose()))
    this.#owned.add(pick.onDidAccept(() => this.#copyPeerId()))
    pick.show()
    this.#pick = pick
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  async follow(api: PeerApi, idOrLink: string): Promise<LookupResult> {
    const onStep = (step: LookupStep): void => {
      this.#steps.push(step)
      this.#show(lookupLines(this.#steps, undefined, this.#ownPeerId))
    }
    const result = await followLookup(api, idOrLink, onStep, this.signal)
    this.#show(lookupLines(result.steps, result.holders, this.#ownPeerId))
    this.#pick.busy = false
    this.#pick.placeholder = lookupSummary(result)
    return result
  }

  dispose(): void {
    this.#ended.abort()
    this.#owned.dispose()
  }

  #show(lines: readonly LookupLine[]): void {
    if (this.signal.aborted) return
    this.#pick.items = lines.map(toPick)
  }

  async #copyPeerId(): Promise<void> {
    const peerId = this.#pick.selectedItems[0]?.peerId
    if (peerId === undefined) return
    this.dispose()
    await vscode.env.clipboard.writeText(peerId)
    vscode.window.setStatusBarMessage(`Peer ID ${shortPeerId(peerId)} copied.`, briefly)
  }
}

function toPick(line: LookupLine): LookupPick {
  if (line.kind === 'heading') return { label: line.label, kind: vscode.QuickPickItemKind.Separator }
  const { label, description, detail, peerId } = line
  return { label, description, peerId, ...(detail === undefined ? {} : { detail }) }
}
