import { packBytesMax, parseTrustPolicy } from '../src/index.ts'
import { problemText } from '../src/text.ts'
import { byId, el, show } from './dom.ts'
import { showEntries } from './entries.ts'
import { flipByte, openPack } from './state.ts'
import type { Opened } from './state.ts'
import { showVerdict } from './verdict.ts'

/** The page: files in, verdict out. Holds the original pack, what is shown now, and the trust file. */

type Page = { original?: Opened; trust?: string }
const page: Page = {}

const present = (opened: Opened): void => {
  for (const id of ['entries', 'entry', 'problems']) byId(id).hidden = true
  byId('cheat').hidden = false
  showVerdict(opened)
  showEntries(opened)
}

const readPackFile = async (file: File): Promise<void> => {
  if (file.size > packBytesMax) return complain(`${file.name} is larger than a pack may be.`)
  show('verdict', el('p', {}, 'Verifying…')).className = ''
  await new Promise((painted) => setTimeout(painted, 20))
  const opened = await openPack(file.name, new Uint8Array(await file.arrayBuffer()), page.trust)
  page.original = opened
  byId('flipped').textContent = ''
  enableRestore(false)
  present(opened)
}

const readTrustFile = async (file: File): Promise<void> => {
  const text = await file.text()
  try {
    parseTrustPolicy(text)
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error))
  }
  page.trust = text
  byId('trust-name').textContent = `Trusting the keys of ${file.name}.`
  if (page.original === undefined) return undefined
  page.original = await openPack(page.original.name, page.original.bytes, text)
  present(page.original)
}

const complain = (text: string): void => {
  show('verdict', el('strong', {}, '✗ That file cannot be used'), el('p', {}, text)).className = 'fail'
}

const flip = async (): Promise<void> => {
  if (page.original === undefined) return
  const { bytes, flip: done } = flipByte(page.original.bytes, randomBelow)
  const opened = await openPack(`${page.original.name}, changed`, bytes, page.trust)
  const [first] = opened.report.problems
  const found = first ? `Found: ${problemText(first)}` : 'It was not found. That is a bug: please report it.'
  byId('flipped').textContent =
    `Byte ${done.offset} (in line ${done.line}) went from ${hex(done.from)} to ${hex(done.to)}. ${found}`
  enableRestore(true)
  present(opened)
}

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

const restore = (): void => {
  byId('flipped').textContent = 'The pack is as it was.'
  enableRestore(false)
  byId('flip').focus()
  if (page.original) present(page.original)
}

const enableRestore = (enabled: boolean): void => {
  byId('restore').toggleAttribute('disabled', !enabled)
}

const randomBelow = (below: number): number => {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word % below
}

const onFile = (id: string, read: (file: File) => Promise<void>): void => {
  const input = byId(id)
  if (!(input instanceof HTMLInputElement)) throw new Error(`#${id} is no file input`)
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) void read(file).then(() => (input.value = ''))
  })
}

const onDrop = (): void => {
  const zone = byId('drop')
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    zone.classList.add('over')
  })
  document.addEventListener('dragleave', () => zone.classList.remove('over'))
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    zone.classList.remove('over')
    const [file] = event.dataTransfer?.files ?? []
    if (file) void readPackFile(file)
  })
}

onFile('pack', readPackFile)
onFile('trust', readTrustFile)
onDrop()
byId('flip').addEventListener('click', () => void flip())
byId('restore').addEventListener('click', restore)
