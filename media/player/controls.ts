import { formatTime } from '../../src/shared/format.ts'
import type { PlayerPreferences } from '../../src/shared/player-protocol.ts'
import { element, setText } from '../element.ts'
import { Dropdown, IconButton } from '../ui.ts'

const rates = [0.5, 0.75, 1, 1.25, 1.5, 2]

/** The row of buttons below the picture. */
export class Controls {
  readonly element: HTMLElement
  readonly #media: HTMLMediaElement
  readonly #play: IconButton
  readonly #mute: IconButton
  readonly #volume: HTMLInputElement
  readonly #time = element('span', { class: 'time' })
  readonly #rate: Dropdown

  constructor(
    media: HTMLMediaElement,
    actions: PlaybackActions,
    onPreferences: (value: PlayerPreferences) => void
  ) {
    this.#media = media
    this.#play = new IconButton({
      icon: 'play',
      label: 'Play',
      key: 'Space',
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
      rates.map(rate => ({ value: String(rate), label: `${rate}×` })),
      value => {
        media.playbackRate = Number(value)
      }
    )
    const left = element('div', { class: 'group' }, [
      this.#play.element,
      this.#mute.element,
      this.#volume,
      this.#time
    ])
    const right = element('div', { class: 'group' }, [this.#rate.element, ...extraButtons(media, actions)])
    const attributes = { role: 'group', 'aria-label': 'Playback' }
    this.element = element('div', { class: 'controls', attributes }, [left, right])
    for (const name of ['play', 'pause', 'ended', 'timeupdate', 'durationchange', 'seeking']) {
      media.addEventListener(name, () => this.#update())
    }
    for (const name of ['volumechange', 'ratechange']) {
      media.addEventListener(name, () => {
        this.#update()
        onPreferences({ volume: media.volume, muted: media.muted, rate: media.playbackRate })
      })
    }
    this.#update()
  }

  #update(): void {
    const { paused, muted, volume, currentTime, duration, playbackRate } = this.#media
    this.#play.show(paused ? 'play' : 'debug-pause', paused ? 'Play' : 'Pause', 'Space')
    const silent = muted || volume === 0
    this.#mute.show(silent ? 'mute' : 'unmute', silent ? 'Unmute' : 'Mute', 'M')
    this.#volume.value = String(Math.round((silent ? 0 : volume) * 100))
    this.#volume.setAttribute('aria-valuetext', `${this.#volume.value} percent`)
    this.#volume.style.setProperty('--played', `${this.#volume.value}%`)
    setText(this.#time, `${formatTime(currentTime)} / ${formatTime(duration)}`)
    this.#rate.select(String(playbackRate))
  }
}

/** What buttons and keys do with the playback. */
export interface PlaybackActions {
  togglePlay(): void
  toggleMute(): void
  togglePictureInPicture(): void
  toggleFullscreen(): void
  openInBrowser(): void
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

/** Picture in picture and full screen stand there only where this editor allows them. */
function extraButtons(media: HTMLMediaElement, actions: PlaybackActions): HTMLElement[] {
  const buttons: IconButton[] = []
  if (media instanceof HTMLVideoElement && document.pictureInPictureEnabled) {
    const label = 'Picture in Picture'
    buttons.push(
      new IconButton({
        icon: 'multiple-windows',
        label,
        key: 'P',
        onClick: () => actions.togglePictureInPicture()
      })
    )
  }
  if (media instanceof HTMLVideoElement && document.fullscreenEnabled) {
    const label = 'Full Screen'
    buttons.push(
      new IconButton({ icon: 'screen-full', label, key: 'F', onClick: () => actions.toggleFullscreen() })
    )
  }
  const label = 'Open in Browser'
  buttons.push(new IconButton({ icon: 'link-external', label, onClick: () => actions.openInBrowser() }))
  return buttons.map(button => button.element)
}
