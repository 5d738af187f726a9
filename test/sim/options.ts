import { CommanderError, InvalidArgumentError } from 'commander'

/** Exit code for options that make no sense. */
const USAGE = 2

/** For commander: a whole number within bounds. */
export function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`)
  }
}

/** For commander: a number within bounds. */
export function numberIn(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It has to be a number from ${least} to ${most}.`)
  }
}

/** Prints one JSON object on one line, or a table for people. */
export function print(result: object, asJson: boolean | undefined): void {
  if (asJson) {
    console.log(JSON.stringify(result))
    return
  }
  const rows = Object.entries(result)
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`)
}

/** Shows how far a long run is, to people who look at it. */
export function tellProgress(asJson: boolean | undefined): (text: string) => void {
  if (asJson || !process.stderr.isTTY) return () => undefined
  return text => process.stderr.write(`\r\x1b[K${text}`)
}

/** Runs a command and sets the exit code: 0 if `main` says so, 1 if not, 2 for wrong usage. */
export async function runCommand(main: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await main()) ? 0 : 1
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
  }
}
