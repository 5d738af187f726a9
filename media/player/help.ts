import { element } from '../element.ts'
import { IconButton } from '../ui.ts'
import type { Shortcut } from './shortcuts.ts'

/** The list of shortcuts, over the player. Escape or a click beside it closes it. */
export class Help {
  readonly element: HTMLDialogElement

  constructor(shortcuts: readonly Shortcut[]) {
    const close = new IconButton({ icon: 'close', label: 'Close', onClick: () => this.element.close() })
    const title = element('h2', {
      class: 'help-title',
      text: 'Keyboard Shortcuts',
      attributes: { id: 'help-title' }
    })
    const list = element('dl', {}, shortcuts.flatMap(describe))
    const attributes = { 'aria-labelledby': 'help-title' }
    const content = element('div', { class: 'help-content' }, [
      element('div', { class: 'help-head' }, [title, close.element]),
      list
    ])
    this.element = element('dialog', { class: 'help', attributes }, [content])
    this.element.addEventListener('click', ({ target }) => {
      if (target === this.element) this.element.close()
    })
  }

  toggle(): void {
    if (this.element.open) this.element.close()
    else this.element.showModal()
  }
}

function describe({ keys, does }: Shortcut): HTMLElement[] {
  const caps = keys.map(key => (key === '…' ? key : element('kbd', { text: key })))
  return [element('dt', {}, caps), element('dd', { text: does })]
}
