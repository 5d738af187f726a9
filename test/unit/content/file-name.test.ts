import assert from 'node:assert/strict'
import fc from 'fast-check'
import { MAX_FILE_NAME_BYTES, safeFileName } from '../../../src/peer/content/file-name.ts'

describe('Safe file names', () => {
  const cases: [written: string, safe: string][] = [
    ['demo.mp4', 'demo.mp4'],
    ['My demo, take 2 (final).mp4', 'My demo, take 2 (final).mp4'],
    ['Démo 🎬👩‍💻.mp4', 'Démo 🎬👩‍💻.mp4'],
    ['Flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿.mp4', 'Flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿.mp4'],
    ['../../x.mp4', 'x.mp4'],
    ['..\\..\\x.mp4', 'x.mp4'],
    ['/etc/passwd', 'passwd'],
    ['C:\\Windows\\system.ini', 'system.ini'],
    ['C:x.mp4', 'C_x.mp4'],
    ['x.mp4:stream', 'x.mp4_stream'],
    ['x.mp4\0.exe', 'x.mp4.exe'],
    ['a\nb\r\tc.mp4', 'abc.mp4'],
    ['harmless\u202e4pm.exe', 'harmless4pm.exe'],
    ['a\u2066b\u200fc\ufeff.mp4', 'abc.mp4'],
    ['lone \ud800 surrogate', 'lone  surrogate'],
    ['what?*<>|".mp4', 'what______.mp4'],
    ['CON', '_CON'],
    ['con.mp4', '_con.mp4'],
    ['nul .txt', '_nul .txt'],
    ['COM1.tar.gz', '_COM1.tar.gz'],
    ['lpt³', '_lpt³'],
    ['console.mp4', 'console.mp4'],
    ['com10.mp4', 'com10.mp4'],
    ['', 'video'],
    ['.', 'video'],
    ['..', 'video'],
    ['. . .', 'video'],
    ['folder/', 'video'],
    ['.bashrc', 'bashrc'],
    ['  spaced.mp4. ', 'spaced.mp4'],
    ['e\u0301te\u0301.mp4', 'été.mp4']
  ]
  for (const [written, safe] of cases) {
    it(`makes ${JSON.stringify(safe)} of ${JSON.stringify(written)}`, () => {
      assert.equal(safeFileName(written), safe)
    })
  }

  it('shortens a long name without breaking a character or losing the extension', () => {
    const safe = safeFileName(`${'🎬'.repeat(100)}.webm`)
    assert.ok(Buffer.byteLength(safe) <= MAX_FILE_NAME_BYTES)
    assert.match(safe, /^🎬+\.webm$/u)
    assert.equal(safeFileName('a'.repeat(300)).length, MAX_FILE_NAME_BYTES)
  })

  it('is one harmless, visible component for any text, and stays as it is when made safe again', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      ' ',
      ':',
      '\0',
      'con',
      '\u202e',
      '\u0338',
      '<',
      'é',
      '🎬',
      'a'
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(piece, { maxLength: 60 }).map(pieces => pieces.join(''))
    )
    fc.assert(
      fc.property(text, written => {
        const safe = safeFileName(written)
        assert.doesNotMatch(safe, /[/\\:*?"<>|\p{Cc}\u202a-\u202e\u2066-\u2069]|^\.|[. ]$|^$/u)
        assert.doesNotMatch(safe, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i)
        assert.ok(Buffer.byteLength(safe) <= MAX_FILE_NAME_BYTES)
        assert.ok(safe.isWellFormed())
        assert.equal(safeFileName(safe), safe)
      }),
      { numRuns: 2000 }
    )
  })
})
