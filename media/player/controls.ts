import { formatTime } from '../../src/shared/format.ts'
import type { PlayerPreferences } from '../../src/shared/player-protocol.ts'
import { element, setText } from '../element.ts'
import { Dropdown, IconButton } from '../ui.ts'
import type { CaptionChoice } from './captions.ts'
import { type PlaybackActions, playbackRates } from './playback-actions.ts'

/** Value of the list of captions that stands for none. */
const noCaptions = 'off'

/** What the row of buttons needs. */
export interface ControlsInit {
  media: HTMLMediaElement
  actions: PlaybackActions
  captions: CaptionChoice
  /** Seconds: from the video's facts, or from the medium itself once it is loaded. */
  duration(): number
  /** Volume, speed or captions were changed. */
  onPreferences(value: PlayerPreferences): void
}

/** The row of buttons below the picture. */
export class Controls {
  readonly element: HTMLElement
  readonly #init: ControlsInit
  readonly #play: IconButton
  readonly #mute: IconButton
  readonly #volume: HTMLInputElement
  readonly #time = element('span', { class: 'time' })
  readonly #rate: Dropdown
  readonly #captions: Dropdown | undefined

  constructor(init: ControlsInit) {
    this.#init = init
    const { media, actions, captions } = init
    this.#play = new IconButton({
      icon: 'play',
      label: 'Play',
      key: 'K',
      onClick: () => actions.togglePlay()
    })
    this.#mute = new IconButton({
      icon: 'unmute',
      label: 'Mute',
      key: 'M',
      onClick: () => actions.toggleMute()
    })
    this.#volume = volumeSlider(media)
    this.#rate = new Dropdown(
      'Speed',
      playbackRates.map(rate => ({ value: String(rate), label: `${rate}×` })),
      value => {
        media.playbackRate = Number(value)
      }
    )
    this.#captions = captions.labels.length > 0 ? captionList(captions) : undefined
    this.element = this.#layOut()
    for (const name of ['play', 'pause', 'ended', 'timeupdate', 'durationchange', 'seeking'])
      media.addEventListener(name, () => this.#update())
    for (const name of ['volumechange', 'ratechange']) media.addEventListener(name, () => this.#changed())
    captions.onChange(() => this.#changed())
    this.#update()
  }

  #layOut(): HTMLElement {
    const { media, actions } = this.#init
    const isVideo = media instanceof HTMLVideoElement
    const left = element('div', { class: 'group' }, [
      this.#play.element,
      ...(isVideo ? frameButtons(actions) : []),
      this.#mute.element,
      this.#volume,
      this.#time
    ])
    const right = element('div', { class: 'group' }, [
      ...(this.#captions === undefined ? [] : [this.#captions.element]),
      this.#rate.element,
      ...(isVideo ? viewButtons(actions) : []),
      ...moreButtons(actions)
    ])
    const attributes = { role: 'group', 'aria-label': 'Playback' }
    return element('div', { class: 'controls', attributes }, [left, right])
  }

  #changed(): void {
    const { media, captions, onPreferences } = this.#init
    const { volume, muted, playbackRate } = media
    this.#update()
    onPreferences({ volume, muted, rate: playbackRate, captions: captions.shown !== undefined })
  }

  #update(): void {
    const { paused, ended, muted, volume, currentTime, playbackRate } = this.#init.media
    if (ended) this.#play.show('debug-restart', 'Play Again', 'K')
    else this.#play.show(paused ? 'play' : 'debug-pause', paused ? 'Play' : 'Pause', 'K')
    const silent = muted || volume === 0
    this.#mute.show(silent ? 'mute' : 'unmute', silent ? 'Unmute' : 'Mute', 'M')
    this.#volume.value = String(Math.round((silent ? 0 : volume) * 100))
    this.#volume.setAttribute('aria-valuetext', `${this.#volume.value} percent`)
    this.#volume.style.setProperty('--played', `${this.#volume.value}%`)
    setText(this.#time, `${formatTime(currentTime)} / ${formatTime(this.#init.duration())}`)
    this.#rate.select(String(playbackRate))
    this.#captions?.select(String(this.#init.captions.shown ?? noCaptions))
  }
}

function volumeSlider(media: HTMLMediaElement): HTMLInputElement {
  const attributes = { type: 'range', min: '0', max: '100', step: '5', 'aria-label': 'Volume' }
  const slider = element('input', { class: 'slider volume', attributes })
  slider.addEventListener('input', () => {
    media.muted = false
    media.volume = Number(slider.value) / 100
  })
  return slider
}

function captionList(captions: CaptionChoice): Dropdown {
  const tracks = captions.labels.map((label, index) => ({ value: String(index), label }))
  const values = [{ value: noCaptions, label: 'No captions' }, ...tracks]
  return new Dropdown('Captions (C)', values, value =>
    captions.show(value === noCaptions ? undefined : Number(value))
  )
}

function frameButtons(actions: PlaybackActions): HTMLElement[] {
  return [
    new IconButton({
      icon: 'chevron-left',
      label: 'Previous Frame',
      key: ',',
      onClick: () => actions.stepFrame(-1)
    }).element,
    new IconButton({
      icon: 'chevron-right',
      label: 'Next Frame',
      key: '.',
      onClick: () => actions.stepFrame(1)
    }).element
  ]
}

/** Picture in picture stands there only where this editor allows it. */
function viewButtons(actions: PlaybackActions): HTMLElement[] {
  const picture = new IconButton({
    icon: 'multiple-windows',
    label: 'Picture in Picture',
    key: 'P',
    onClick: () => actions.togglePictureInPicture()
  })
  const full = new IconButton({
    icon: 'screen-full',
    label: 'Full Screen',
    key: 'F',
    onClick: () => actions.toggleFullscreen()
  })
  return document.pictureInPictureEnabled ? [picture.element, full.element] : [full.element]
}

function moreButtons(actions: PlaybackActions): HTMLElement[] {
  const open = { icon: 'link-external', label: 'Open in Browser', onClick: () => actions.openInBrowser() }
  const help = { icon: 'keyboard', label: 'Keyboard Shortcuts', key: '?', onClick: () => actions.showHelp() }
  return [new IconButton(open).element, new IconButton(help).element]
}
