import type { MediaKind } from '../../src/shared/media-type.ts'
import type { WaitingText } from '../../src/shared/waiting-text.ts'
import { element, icon, setText } from '../element.ts'
import { progressRing, textButton } from '../ui.ts'

/** The picture, with what lies over it: the large play button, and why it stands still. */
export class Stage {
  readonly element: HTMLElement
  readonly #overlay: HTMLElement
  readonly #text = element('span', { attributes: { role: 'status' } })
  readonly #join: HTMLElement
  readonly #start: HTMLButtonElement

  constructor(kind: MediaKind, content: HTMLElement, onPlay: () => void, onJoin: () => void) {
    this.#join = textButton({ label: 'Join Network', onClick: onJoin }, 'primary')
    this.#overlay = element('div', { class: 'overlay' }, [progressRing(), this.#text, this.#join])
    this.#overlay.hidden = true
    const attributes = { type: 'button', 'aria-label': 'Play', title: 'Play (Space)' }
    this.#start = element('button', { class: 'start', attributes }, [icon('play')])
    this.#start.addEventListener('click', onPlay)
    this.#start.hidden = true
    const cover = kind === 'audio' ? [element('div', { class: 'cover' }, [icon('unmute')])] : []
    this.element = element('div', { class: `stage stage-${kind}` }, [
      ...cover,
      content,
      this.#start,
      this.#overlay
    ])
    if (kind === 'video') content.addEventListener('click', onPlay)
  }

  showStart(visible: boolean): void {
    this.#start.hidden = !visible
  }

  /** Says why it waits, or nothing when it does not. */
  showWaiting(waiting: WaitingText | undefined): void {
    this.#overlay.hidden = waiting === undefined
    setText(this.#text, waiting?.text ?? '')
    this.#join.hidden = waiting?.offersJoin !== true
  }
}
