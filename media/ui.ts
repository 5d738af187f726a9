import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing
} from '@vscode/webview-ui-toolkit'
import { icon } from './element.ts'

// The one place that knows the webview UI toolkit: to replace it, replace this file.

/** Registers the toolkit's elements that are used, by name: the others stay out of the page. */
export function registerUi(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeProgressRing())
}

/** What a button shows and does. */
export interface ButtonOptions {
  label: string
  /** Name of a codicon. */
  icon?: string
  /** Key that does the same, for the tooltip. */
  key?: string
  onClick(): void
}

/** A button of which only the icon shows; its label is the tooltip and what readers say. */
export class IconButton {
  readonly element: HTMLElement
  #label = ''
  #icon = ''

  constructor(options: ButtonOptions & { icon: string }) {
    this.element = document.createElement('vscode-button')
    this.show(options.icon, options.label, options.key)
    this.element.setAttribute('appearance', 'icon')
    this.element.addEventListener('click', options.onClick)
  }

  /** Changes icon and label, as when play becomes pause. */
  show(name: string, label: string, key?: string): void {
    const title = key === undefined ? label : `${label} (${key})`
    if (name !== this.#icon) this.element.replaceChildren(icon(name))
    if (title !== this.#label) {
      this.element.setAttribute('aria-label', label)
      this.element.title = title
    }
    this.#icon = name
    this.#label = title
  }
}

/** A button with words. */
export function textButton(
  options: ButtonOptions,
  appearance: 'primary' | 'secondary' = 'secondary'
): HTMLElement {
  const button = document.createElement('vscode-button')
  button.setAttribute('appearance', appearance)
  if (options.icon !== undefined) {
    const start = icon(options.icon)
    start.slot = 'start'
    button.append(start)
  }
  button.append(options.label)
  button.addEventListener('click', options.onClick)
  return button
}

/** A list to choose one from, opening upwards. */
export class Dropdown {
  readonly element: HTMLElement & { value: string }

  constructor(
    label: string,
    values: readonly { value: string; label: string }[],
    onChange: (value: string) => void
  ) {
    this.element = document.createElement('vscode-dropdown') as HTMLElement & { value: string }
    this.element.setAttribute('aria-label', label)
    this.element.setAttribute('position', 'above')
    this.element.title = label
    for (const { value, label: words } of values) {
      const option = document.createElement('vscode-option')
      option.setAttribute('value', value)
      option.textContent = words
      this.element.append(option)
    }
    this.element.addEventListener('change', () => onChange(this.element.value))
  }

  select(value: string): void {
    if (this.element.value !== value) this.element.value = value
  }
}

/** A turning ring, for waiting of unknown length. */
export function progressRing(): HTMLElement {
  return document.createElement('vscode-progress-ring')
}
