type Child = Node | string

/** What an element is made with: attributes as strings, and a class list. */
export interface ElementOptions {
  class?: string
  text?: string
  attributes?: Record<string, string>
}

/** Makes an element. Text is set as text, so that a name can never become markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  children: readonly Child[] = []
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (options.class !== undefined) made.className = options.class
  if (options.text !== undefined) made.textContent = options.text
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** A codicon as an element that readers skip: its meaning stands in a label. */
export function icon(name: string): HTMLSpanElement {
  return element('span', { class: `codicon codicon-${name}`, attributes: { 'aria-hidden': 'true' } })
}

/** Sets text only when it differs, so that readers and layout are left in peace. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
