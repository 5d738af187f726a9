import * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../peer/api.ts'
import { PeerError } from '../peer/errors.ts'
import { displayName } from '../shared/format.ts'
import { DisposableStore } from './disposable.ts'
import { plainText } from './plain-text.ts'
import type { Contribution, Services } from './services.ts'
import { isComplete, unsharedNote } from './video-state.ts'

/** What ends or holds up a video by itself. */
const stops: ReadonlySet<VideoSnapshot['state']> = new Set(['failed', 'paused', 'stale'])

/** Tells, once each, when a download stops by itself, a shared file has changed, an owner ended a video, or the identity was lost. */
export class FailureNotices implements Contribution {
  readonly #services: Services
  readonly #states = new Map<Digest, VideoSnapshot['state']>()
  readonly #shared = new Set<Digest>()
  #notice: string | undefined

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { events } = this.#services.controller.model
    const owned = new DisposableStore()
    owned.addUnsubscribe(events.on('video', video => this.#compare(video)))
    owned.addUnsubscribe(events.on('video', video => this.#watchOwner(video)))
    owned.addUnsubscribe(events.on('status', status => this.#tell(status?.notice)))
    context.subscriptions.push(owned)
  }

  #compare(video: VideoSnapshot): void {
    const before = this.#states.get(video.digest)
    this.#states.set(video.digest, video.state)
    const isNews = before !== undefined && before !== video.state
    if (!isNews || !stops.has(video.state) || video.failure === undefined) return
    const failure = new PeerError(video.failure.code, video.failure.message)
    void this.#services.errors.show(failure, () => this.#tryAgain(video))
  }

  #watchOwner(video: VideoSnapshot): void {
    if (!video.unshared) this.#shared.add(video.digest)
    else if (this.#shared.delete(video.digest) && isComplete(video)) {
      void vscode.window.showInformationMessage(`${plainText(displayName(video.name))}: ${unsharedNote}`)
    }
  }

  async #tryAgain({ state, digest, path }: VideoSnapshot): Promise<void> {
    const { controller } = this.#services
    if (!(await controller.join())) return
    if (state === 'stale' && path !== undefined) await controller.api?.share(path)
    else await controller.api?.resume(digest)
  }

  #tell(notice: string | undefined): void {
    if (notice === undefined || notice === this.#notice) return
    this.#notice = notice
    void vscode.window.showWarningMessage(notice)
  }
}
