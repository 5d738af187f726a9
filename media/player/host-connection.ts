import type {
  FromPlayer,
  PlayerNotices,
  PlayerRequests,
  PlayerUpdates,
  SavedPlayerState,
  ToPlayer
} from '../../src/shared/player-protocol.ts'
import { RequestChannel } from '../../src/shared/request-channel.ts'

interface EditorApi {
  postMessage(message: FromPlayer): void
  getState(): SavedPlayerState | undefined
  setState(state: SavedPlayerState): void
}

declare function acquireVsCodeApi(): EditorApi

type UpdateHandlers = { [Name in keyof PlayerUpdates]: (value: PlayerUpdates[Name]) => void }

/** The webview's end of the player protocol. */
export class HostConnection {
  readonly #editor = acquireVsCodeApi()
  readonly #channel = new RequestChannel<PlayerRequests>(message => this.#editor.postMessage(message))

  /** Asks the host for something; rejects with a sentence for people. */
  request<Name extends keyof PlayerRequests>(name: Name): Promise<PlayerRequests[Name]> {
    return this.#channel.request(name)
  }

  notify<Name extends keyof PlayerNotices>(name: Name, value: PlayerNotices[Name]): void {
    this.#editor.postMessage({ kind: 'notice', name, value } as FromPlayer)
  }

  /** Writes a failure to the log of the host. */
  readonly report = (problem: unknown): void => {
    this.notify('problem', { message: String(problem).slice(0, 500) })
  }

  /** Delivers what the host tells. */
  listen(handlers: UpdateHandlers): void {
    window.addEventListener('message', (event: MessageEvent<ToPlayer>) => {
      const message = event.data
      if (message.kind !== 'update') this.#channel.accept(message)
      else (handlers[message.name] as (value: unknown) => void)(message.value)
    })
  }

  get saved(): SavedPlayerState | undefined {
    return this.#editor.getState()
  }

  save(state: SavedPlayerState): void {
    this.#editor.setState(state)
  }
}
