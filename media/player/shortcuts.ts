import type { PlaybackActions } from './playback-actions.ts'

/** Seconds that an arrow key moves. */
const smallStep = 5
/** Seconds that J and L move. */
const largeStep = 10

/** What a shortcut needs to make sense. */
export type ShortcutScope = 'video' | 'any'

/** A shortcut as the help lists it, and the keys that do it. */
export interface Shortcut {
  /** As they are printed on keyboards. */
  keys: string[]
  does: string
  scope: ShortcutScope
  /** `KeyboardEvent.key`, in lower case, to what it does. */
  actions: Record<string, (actions: PlaybackActions) => void>
}

const digits = Object.fromEntries(
  Array.from({ length: 10 }, (_, digit) => [
    String(digit),
    (actions: PlaybackActions): void => actions.seekToPart(digit / 10)
  ])
)

const toggle = (actions: PlaybackActions): void => actions.togglePlay()

/** All shortcuts, in the order of the help. */
export const shortcuts: readonly Shortcut[] = [
  { keys: ['Space', 'K'], does: 'Play or pause', scope: 'any', actions: { ' ': toggle, k: toggle } },
  {
    keys: ['J', 'L'],
    does: `${largeStep} seconds back, forward`,
    scope: 'any',
    actions: { j: actions => actions.seekBy(-largeStep), l: actions => actions.seekBy(largeStep) }
  },
  {
    keys: ['←', '→'],
    does: `${smallStep} seconds back, forward`,
    scope: 'any',
    actions: {
      arrowleft: actions => actions.seekBy(-smallStep),
      arrowright: actions => actions.seekBy(smallStep)
    }
  },
  {
    keys: [',', '.'],
    does: 'One frame back, forward',
    scope: 'video',
    actions: { ',': actions => actions.stepFrame(-1), '.': actions => actions.stepFrame(1) }
  },
  { keys: ['0', '…', '9'], does: 'To 0 %, …, 90 %', scope: 'any', actions: digits },
  {
    keys: ['Home', 'End'],
    does: 'To the start, to the end',
    scope: 'any',
    actions: { home: actions => actions.seekToPart(0), end: actions => actions.seekToPart(1) }
  },
  {
    keys: ['<', '>'],
    does: 'Slower, faster',
    scope: 'any',
    actions: { '<': actions => actions.changeRate(-1), '>': actions => actions.changeRate(1) }
  },
  {
    keys: ['↓', '↑'],
    does: 'Quieter, louder',
    scope: 'any',
    actions: { arrowdown: actions => actions.changeVolume(-1), arrowup: actions => actions.changeVolume(1) }
  },
  { keys: ['M'], does: 'Mute', scope: 'any', actions: { m: actions => actions.toggleMute() } },
  { keys: ['C'], does: 'Captions', scope: 'video', actions: { c: actions => actions.toggleCaptions() } },
  {
    keys: ['P'],
    does: 'Picture in picture',
    scope: 'video',
    actions: { p: actions => actions.togglePictureInPicture() }
  },
  { keys: ['F'], does: 'Full screen', scope: 'video', actions: { f: actions => actions.toggleFullscreen() } },
  { keys: ['?'], does: 'This list', scope: 'any', actions: { '?': actions => actions.showHelp() } }
]

/** The shortcuts that make sense for what is played. */
export function shortcutsFor(isVideo: boolean): Shortcut[] {
  return shortcuts.filter(({ scope }) => scope === 'any' || isVideo)
}
