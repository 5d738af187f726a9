import type * as vscode from 'vscode'
import type { Contribution, Services } from './services.ts'

/** Joins when the window opens, if the user has chosen so. Consent is asked for as with any first join. */
export class JoinOnStartup implements Contribution {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { configuration, controller, errors, library } = this.#services
    context.subscriptions.push(library)
    if (!configuration.get('joinOnStartup')) return
    controller.join().catch((error: unknown) => errors.show(error, () => controller.join()))
  }
}
