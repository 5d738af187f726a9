import { element } from '../element.ts'

/** Milliseconds that a word stands. */
const duration = 900

/** A word over the picture on what a key just did. */
export class Bezel {
  readonly element = element('div', { class: 'bezel', attributes: { role: 'status' } })
  #timer: number | undefined

  constructor() {
    this.element.hidden = true
  }

  tell(text: string): void {
    this.element.textContent = text
    this.element.hidden = false
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => {
      this.element.hidden = true
    }, duration)
  }
}
