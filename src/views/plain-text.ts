/** Text for a notification, where `[words](address)` would become a link: names of others stay text. */
export function plainText(text: string): string {
  return text.replaceAll('](', '] (')
}
