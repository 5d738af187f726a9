import type { PlayerCaption } from '../../src/shared/player-protocol.ts'
import { element } from '../element.ts'

/** The caption tracks of a video: which of them shows, if any. */
export class CaptionChoice {
  readonly #tracks: HTMLTrackElement[]
  readonly #captions: readonly PlayerCaption[]
  #shown: number | undefined
  #preferred: number
  #onChange: ((shown: number | undefined) => void) | undefined

  /** @param visible Whether captions show at the start. */
  constructor(media: HTMLMediaElement, captions: readonly PlayerCaption[], visible: boolean) {
    this.#captions = captions
    this.#tracks = captions.map(trackElement)
    media.append(...this.#tracks)
    this.#preferred = preferredTrack(captions, navigator.languages)
    this.show(visible && captions.length > 0 ? this.#preferred : undefined)
  }

  get labels(): string[] {
    return this.#captions.map(({ label }) => label)
  }

  get shown(): number | undefined {
    return this.#shown
  }

  /** @param index Of the track; undefined hides captions. */
  show(index: number | undefined): void {
    this.#shown = index
    if (index !== undefined) this.#preferred = index
    for (const [position, { track }] of this.#tracks.entries())
      track.mode = position === index ? 'showing' : 'disabled'
    this.#onChange?.(index)
  }

  /** Shows or hides them; says what is so now. */
  toggle(): string {
    if (this.#captions.length === 0) return 'No captions'
    this.show(this.#shown === undefined ? this.#preferred : undefined)
    return this.#shown === undefined
      ? 'Captions off'
      : `Captions: ${this.#captions[this.#shown]?.label ?? ''}`
  }

  onChange(listener: (shown: number | undefined) => void): void {
    this.#onChange = listener
  }
}

/** The first track in a language of the user, the most wanted language first; else the first of all. */
export function preferredTrack(
  captions: readonly { language?: string }[],
  languages: readonly string[]
): number {
  const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''
  for (const wanted of languages) {
    const index = captions.findIndex(
      ({ language }) => language !== undefined && base(language) === base(wanted)
    )
    if (index >= 0) return index
  }
  return 0
}

/** From a data URL: the text came in a message, and the browser's own reader of WebVTT takes it from there. */
function trackElement({ label, language, vtt }: PlayerCaption): HTMLTrackElement {
  const src = `data:text/vtt;charset=utf-8,${encodeURIComponent(vtt.toWellFormed())}`
  return element('track', {
    attributes: { kind: 'captions', label, src, ...(language !== undefined && { srclang: language }) }
  })
}
