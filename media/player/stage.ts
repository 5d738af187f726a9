import type { WaitingText } from '../../src/shared/waiting-text.ts'
import { element, icon, setText } from '../element.ts'
import { progressRing, textButton } from '../ui.ts'
import { Bezel } from './bezel.ts'

/** Bars of the picture that stands for sound. */
const soundBars = 24

/** What the stage asks for. */
export interface StageActions {
  togglePlay(): void
  toggleFullscreen(): void
  join(): void
}

/** The picture, with what lies over it: the large button, why it stands still, and what a key just did. */
export class Stage {
  readonly element: HTMLElement
  readonly bezel = new Bezel()
  readonly #overlay: HTMLElement
  readonly #text = element('span', { attributes: { role: 'status' } })
  readonly #join: HTMLElement
  readonly #start: HTMLButtonElement
  #startIcon = ''

  constructor(media: HTMLMediaElement, actions: StageActions) {
    const isVideo = media instanceof HTMLVideoElement
    this.#join = textButton({ label: 'Join Network', onClick: () => actions.join() }, 'primary')
    this.#overlay = element('div', { class: 'overlay' }, [progressRing(), this.#text, this.#join])
    this.#overlay.hidden = true
    this.#start = element('button', { class: 'start', attributes: { type: 'button' } })
    this.#start.addEventListener('click', () => actions.togglePlay())
    this.showStart(undefined)
    this.element = element('div', { class: `stage ${isVideo ? 'stage-video' : 'stage-audio'}` }, [
      ...(isVideo ? [] : [soundPicture(media)]),
      media,
      this.#start,
      this.bezel.element,
      this.#overlay
    ])
    if (!isVideo) return
    media.addEventListener('click', () => actions.togglePlay())
    media.addEventListener('dblclick', () => actions.toggleFullscreen())
  }

  /** The large button: to play, to play again, or none. */
  showStart(kind: 'play' | 'replay' | undefined): void {
    this.#start.hidden = kind === undefined
    if (kind === undefined || kind === this.#startIcon) return
    this.#startIcon = kind
    const label = kind === 'play' ? 'Play' : 'Play Again'
    this.#start.replaceChildren(icon(kind === 'play' ? 'play' : 'debug-restart'))
    this.#start.setAttribute('aria-label', label)
    this.#start.title = `${label} (Space)`
  }

  /** There is no picture to wait for: it takes less room. */
  showBroken(broken: boolean): void {
    this.element.classList.toggle('stage-broken', broken)
  }

  /** Says why it waits, or nothing when it does not. */
  showWaiting(waiting: WaitingText | undefined): void {
    this.#overlay.hidden = waiting === undefined
    setText(this.#text, waiting?.text ?? '')
    this.#join.hidden = waiting?.offersJoin !== true
  }
}

/** Bars that move while sound plays. They show that it plays, not what: the stream's samples cannot be read from here. */
function soundPicture(media: HTMLMediaElement): HTMLElement {
  const bars = Array.from({ length: soundBars }, () => element('span'))
  const picture = element('div', { class: 'sound', attributes: { 'aria-hidden': 'true' } }, bars)
  const update = (): void => {
    picture.classList.toggle(
      'sound-moving',
      !media.paused && media.readyState > HTMLMediaElement.HAVE_CURRENT_DATA
    )
  }
  for (const name of ['playing', 'pause', 'waiting', 'ended']) media.addEventListener(name, update)
  return picture
}
