import type * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../peer/api.ts'
import { PeerError } from '../peer/errors.ts'
import { DisposableStore } from './disposable.ts'
import type { Contribution, Services } from './services.ts'

/** Tells, once each, when a download fails or a shared file has changed while nobody was looking. */
export class FailureNotices implements Contribution {
  readonly #services: Services
  readonly #states = new Map<Digest, VideoSnapshot['state']>()

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { events } = this.#services.controller.model
    const owned = new DisposableStore()
    owned.addUnsubscribe(events.on('video', video => this.#compare(video)))
    context.subscriptions.push(owned)
  }

  #compare(video: VideoSnapshot): void {
    const before = this.#states.get(video.digest)
    this.#states.set(video.digest, video.state)
    const isNews = before !== undefined && before !== video.state
    if (!isNews || video.state !== 'failed' || video.failure === undefined) return
    const { controller, errors } = this.#services
    const retry = async (): Promise<void> => {
      if (await controller.join()) await controller.api?.resume(video.digest)
    }
    void errors.show(new PeerError(video.failure.code, video.failure.message), retry)
  }
}
