import type { PlaybackActions } from './controls.ts'

/** Seconds that an arrow key moves. */
const smallStep = 5
/** Seconds that J and L move. */
const largeStep = 10
const volumeStep = 0.05

type KeyAction = (media: HTMLMediaElement, actions: PlaybackActions) => void

const keys: Record<string, KeyAction> = {
  ' ': (_media, actions) => actions.togglePlay(),
  k: (_media, actions) => actions.togglePlay(),
  m: (_media, actions) => actions.toggleMute(),
  p: (_media, actions) => actions.togglePictureInPicture(),
  f: (_media, actions) => actions.toggleFullscreen(),
  j: media => seekBy(media, -largeStep),
  l: media => seekBy(media, largeStep),
  arrowleft: media => seekBy(media, -smallStep),
  arrowright: media => seekBy(media, smallStep),
  arrowup: media => changeVolume(media, volumeStep),
  arrowdown: media => changeVolume(media, -volumeStep),
  home: media => seekTo(media, 0),
  end: media => seekTo(media, media.duration)
}

/** Lets the whole page be played by keys, except where a control uses the key itself. */
export function listenToKeys(media: HTMLMediaElement, actions: PlaybackActions): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOwnedByControl(event)) return
    const action = keys[event.key.toLowerCase()] ?? digitAction(event.key)
    if (action === undefined) return
    event.preventDefault()
    action(media, actions)
  })
}

/** Sliders use arrows, Home and End; buttons use Space; lists use nearly everything. */
function isOwnedByControl({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  const tag = target.tagName.toLowerCase()
  if (tag === 'vscode-dropdown' || tag === 'vscode-option') return true
  if (tag === 'vscode-button' || tag === 'button') return key === ' ' || key === 'Enter'
  return tag === 'input' && /^(Arrow|Home|End|Page)/.test(key)
}

function digitAction(key: string): KeyAction | undefined {
  if (!/^[0-9]$/.test(key)) return undefined
  return media => seekTo(media, (media.duration * Number(key)) / 10)
}

function seekBy(media: HTMLMediaElement, seconds: number): void {
  seekTo(media, media.currentTime + seconds)
}

function seekTo(media: HTMLMediaElement, seconds: number): void {
  if (!Number.isFinite(media.duration)) return
  media.currentTime = Math.min(media.duration, Math.max(0, seconds))
}

function changeVolume(media: HTMLMediaElement, by: number): void {
  media.muted = false
  media.volume = Math.min(1, Math.max(0, Math.round((media.volume + by) * 100) / 100))
}
