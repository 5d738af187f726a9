import type { PlaybackActions } from './playback-actions.ts'
import type { Shortcut } from './shortcuts.ts'

/** Lets the whole page be played by keys, except where a control uses the key itself. */
export function listenToKeys(shortcuts: readonly Shortcut[], actions: PlaybackActions): void {
  const byKey = new Map(shortcuts.flatMap(({ actions: keys }) => Object.entries(keys)))
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOwnedByControl(event)) return
    const action = byKey.get(event.key.toLowerCase())
    if (action === undefined) return
    event.preventDefault()
    action(actions)
  })
}

/** Sliders use arrows, Home and End; buttons use Space; lists use nearly everything, and so does a dialog. */
function isOwnedByControl({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  const tag = target.tagName.toLowerCase()
  if (tag === 'vscode-dropdown' || tag === 'vscode-option' || target.closest('dialog') !== null) return true
  if (tag === 'vscode-button' || tag === 'button') return key === ' ' || key === 'Enter'
  return tag === 'input' && /^(Arrow|Home|End|Page)/.test(key)
}
