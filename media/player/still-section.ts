import { formatBytes } from '../../src/shared/format.ts'
import type { PlayerState, PlayerVideo } from '../../src/shared/player-protocol.ts'
import { element, icon, setText } from '../element.ts'
import { progressRing, textButton } from '../ui.ts'

/** A picture: fitted into the page, or at its own size after a click. */
export function pictureSection({ url, video }: PlayerState, onProblem: (text: string) => void): HTMLElement {
  const image = element('img', {
    attributes: { src: url, alt: video.name, title: 'Click for the full size' }
  })
  const waiting = element('div', { class: 'overlay' }, [
    progressRing(),
    element('span', { text: 'Waiting for the picture…', attributes: { role: 'status' } })
  ])
  const stage = element('div', { class: 'stage stage-image' }, [image, waiting])
  image.addEventListener('load', () => {
    waiting.hidden = true
  })
  image.addEventListener('error', () => {
    waiting.hidden = true
    onProblem('This editor cannot show the picture. Your browser may.')
  })
  image.addEventListener('click', () => stage.classList.toggle('stage-full'))
  return stage
}

/** A file that no player shows: it can be saved, and that is said. */
export class FileSection {
  readonly element: HTMLElement
  readonly #text = element('p', { attributes: { role: 'status' } })

  constructor(video: PlayerVideo, onSave: () => void) {
    const save = textButton({ label: 'Save As…', icon: 'save-as', onClick: onSave }, 'primary')
    this.element = element('div', { class: 'stage stage-file' }, [icon('file'), this.#text, save])
    this.show(video)
  }

  show({ mimeType, bytes, complete }: PlayerVideo): void {
    const what = `The player cannot show this file (${mimeType}, ${formatBytes(bytes)}).`
    setText(this.#text, complete ? what : `${what} It can be saved already: what is missing is waited for.`)
  }
}
