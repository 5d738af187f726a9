import { readFile, writeFile } from 'node:fs/promises'

const END = '<!-- end of what was measured -->'

/**
 * Replaces what a page says between its marks.
 * @param command what measures it, as the first mark names it
 * @throws Error when the page has lost its marks
 */
export async function writeMeasured(page: string, command: string, lines: readonly string[]): Promise<void> {
  const begin = `<!-- measured: ${command} -->`
  const [before, rest] = (await readFile(page, 'utf8')).split(begin)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined)
    throw new Error(`${page} has lost its marks, "${begin}" and "${END}".`)
  await writeFile(page, [before + begin, '', ...lines, '', END + after].join('\n'))
}

/** A table in Markdown, all columns to the right. */
export function numbersTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[]
): string {
  const lines = [head, head.map(() => '---:'), ...rows]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** With commas between thousands. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
