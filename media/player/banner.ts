import { element, icon, setText } from '../element.ts'
import { IconButton, textButton } from '../ui.ts'

/** A line above the picture that tells what does not work and offers a way out. */
export class Banner {
  readonly element: HTMLElement
  readonly #text = element('span', { class: 'banner-text' })

  constructor(onOpenInBrowser: () => void) {
    const open = textButton({ label: 'Open in Browser', icon: 'link-external', onClick: onOpenInBrowser })
    const close = new IconButton({ icon: 'close', label: 'Dismiss', onClick: () => this.hide() })
    const attributes = { role: 'alert' }
    this.element = element('div', { class: 'banner', attributes }, [
      icon('warning'),
      this.#text,
      open,
      close.element
    ])
    this.element.hidden = true
  }

  show(text: string): void {
    setText(this.#text, text)
    this.element.hidden = false
  }

  hide(): void {
    this.element.hidden = true
  }
}
