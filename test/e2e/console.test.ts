// The console in a real browser, over the HTTP door and a gateway double. Keeps its screenshots in the folder
// that POUNDLOCK_SHOTS names, if it names one.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { firstRfq, orderOf, startTestServer, type TestServer } from '../../src/server/testing/index.ts'
import { goodPack } from '../../verifier/test/build-pack.ts'
import { typedDataHashes } from './console-digests.ts'

const chromiumPath = '/usr/bin/chromium'
const missing = existsSync(chromiumPath) ? false : 'no browser: apt-get install chromium'
const root = join(import.meta.dirname, '../..')
const pack = goodPack()
const by = { kind: 'operator', id: 'test' } as const

let folder = ''
let server: TestServer
let browser: Browser
let context: BrowserContext
let page: Page
let axe = ''

describe('the console in a browser', { skip: missing }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'poundlock-console-'))
    await buildConsole(join(folder, 'dist'))
    axe = await readFile(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8')
    server = await startServer({})
    await settleTrade('RFQ-0001', 'ORD-0001')
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
    ;[context, page] = await openPage({ width: 1600, height: 1000 }, 'dark')
  })
  after(async () => {
    await browser?.close()
    await server?.server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('Home shows who the gateway is, what works, and that this is a sandbox', async () => {
    await go('#/')
    await page.getByText('all components work').waitFor()
    await page.getByRole('note', { name: 'environment' }).getByText('SANDBOX').waitFor()
    assert.match(await page.locator('.live').innerText(), /live\s+12 leaves/)
    server.gateway.breakComponent('ledger lagoon', 'no answer from its RPC')
    await page.getByText('1 of 6 components fail').waitFor()
    await shoot('home-broken')
    server.gateway.breakComponent('', '')
    await page.getByText('all components work').waitFor()
  })

  test('A trade shows its steps, its three forms and digests that this browser hashed again', async () => {
    await go('#/trades')
    await page.locator('.row-link').first().click()
    await page.getByRole('heading', { name: 'Buy 100 × ETH-25JUN27-4000-C at 430.72' }).waitFor()
    assert.equal(await page.locator('.step').count(), 9)
    assert.equal(await page.getByText('recomputed in this browser: equal').count(), 3)
    const agreement = page.getByRole('region', { name: 'The three forms side by side' })
    assert.equal(await agreement.getByText('no', { exact: true }).count(), 0)
    assert.equal(await agreement.getByText('yes', { exact: true }).count(), 11)
    for (const [tab, text] of [
      ['FIX', 'ExecutionReport'],
      ['Trade record', '"settlMethod": "Cash"'],
      ['EIP-712', '"primaryType": "SettlementInstruction"'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByRole('tabpanel').getByText(text).waitFor()
    }
    await page.getByRole('tab', { name: 'Side by side' }).click()
  })

  test('The evidence of a trade can be downloaded', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download evidence' }).click(),
    ])
    assert.equal(await readFile(await download.path(), 'utf8'), pack)
    assert.match(download.suggestedFilename(), /\.pack$/)
  })

  test('A trade moves on the screen as its entries become durable', async () => {
    await placeTrade('RFQ-0002', 'ORD-0002')
    const trade = server.gateway.trades().at(-1)
    await go(`#/trades/${trade?.tradeId}`)
    await page.locator('.screen-title').getByText('executed').waitFor()
    for (const status of ['proposed', 'confirmed', 'instructed', 'submitted', 'settled']) {
      server.gateway.step()
      await page.locator('.screen-title').getByText(status).waitFor()
    }
    assert.match(await page.locator('.what-now').innerText(), /Download the evidence/)
  })

  test('The journal proves a leaf: path, root, signatures, opened parts', async () => {
    await go('#/journal/5')
    await page.getByText(/hashes in this browser \(WebCrypto\) lead to the root/).waitFor()
    await page.getByText('quorum 2: reached').waitFor()
    await page.getByText('opened; its salted digest is the one in the leaf').waitFor()
    assert.ok((await page.locator('svg.path .hash').count()) >= 6)
  })

  test('A proof that does not lead to the root is shown as broken', async () => {
    await page.route('**/v1/log/proof**', async (route) => {
      const answer = await route.fetch()
      const proof = JSON.parse(await answer.text())
      proof.proof[0] = Buffer.alloc(32, 7).toString('base64')
      await route.fulfill({ response: answer, body: JSON.stringify(proof) })
    })
    await go('#/journal/4')
    await page.getByText('this leaf is not proved').waitFor()
    await page.unroute('**/v1/log/proof**')
  })

  test('Keys move through the console', async () => {
    await go('#/')
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByRole('heading', { name: 'Trades' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('v')
    await page.getByRole('heading', { name: 'Verify a pack' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('ORD-0001')
    await page.keyboard.press('Enter')
    await page.getByText('4 leaves hold “ORD-0001”').waitFor()
    await page.locator('.leaf-row').first().click()
    const opened = Number.parseInt(page.url().split('/').at(-1) ?? '', 10)
    await page.getByRole('heading', { name: `Leaf ${opened}` }).waitFor()
    await page.keyboard.press('[')
    await page.getByRole('heading', { name: `Leaf ${opened - 1}` }).waitFor()
    await page.keyboard.press(']')
    await page.getByRole('heading', { name: `Leaf ${opened}` }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('search the journal by any id').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('main').click({ position: { x: 2, y: 2 } })
    await page.reload()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
  })

  test('After a dropped connection the stream resumes without a gap and without a repeat', async () => {
    await go('#/')
    await page.locator('.live-live').waitFor()
    const first = server.gateway.journal.size()
    const { gateway, port } = server
    await server.server.stop()
    await page.locator('.live-reconnecting').waitFor()
    await shoot('reconnecting')
    for (const quoteReqId of ['RFQ-a', 'RFQ-b', 'RFQ-c'])
      await gateway.requestQuote(by, { ...firstRfq, quoteReqId })
    server = await startServer({ port, gateway })
    await page.locator('.live-live').waitFor()
    await page
      .locator('.live-size')
      .getByText(`${first + 6} leaves`)
      .waitFor()
    await gateway.requestQuote(by, { ...firstRfq, quoteReqId: 'RFQ-d' })
    await page
      .locator('.live-size')
      .getByText(`${first + 8} leaves`)
      .waitFor()
    const ids = await page.evaluate<string>('window.seenIds.join()')
    assert.equal(ids, Array.from({ length: 8 }, (_, at) => first + at).join())
    assert.equal(await page.locator('.live-state').innerText(), 'live')
  })

  test('A shorter journal is another history, and the console says so', async () => {
    const { gateway, port } = server
    await server.server.stop()
    await page.locator('.live-reconnecting').waitFor()
    const other = await startServer({ port })
    await page.locator('.lost').getByText('another history').waitFor()
    await other.server.stop()
    server = await startServer({ port, gateway })
  })

  test('A pack is verified with the network off, and a flipped byte is found at its entry', async () => {
    await go('#/verify')
    await context.setOffline(true)
    await page.getByText('The network is off. Nothing here needs it.').waitFor()
    const file = { name: 'evidence.pack', mimeType: 'application/octet-stream', buffer: Buffer.from(pack) }
    await page.getByLabel('Evidence pack').setInputFiles(file)
    await page.locator('.verdict-banner-good').getByText('Verified', { exact: true }).waitFor()
    const lines = pack.split('\n')
    const target = lines.findIndex(
      (line) => line.includes('"section":"entry"') && line.includes('"index":4,'),
    )
    const offset = Buffer.byteLength(lines.slice(0, target).join('\n')) + 1
    const inside = lines[target]?.indexOf('2026') ?? 0
    await page.getByRole('spinbutton', { name: 'Byte' }).fill(String(offset + inside + 3))
    await page.getByRole('button', { name: 'Flip it' }).click()
    await page.locator('.toy-outcome').getByText('noticed', { exact: true }).waitFor()
    await page
      .locator('.toy-outcome')
      .getByText(new RegExp(`entry 4 of .*line ${target + 1}`))
      .first()
      .waitFor()
    await shoot('verify-offline')
    await context.setOffline(false)
  })

  test('A file that is no pack is refused with what is wrong', async () => {
    await go('#/trades')
    await go('#/verify')
    const file = {
      name: 'holiday.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from([0xff, 0xd8, 0xff, 0x00]),
    }
    await page.getByLabel('Evidence pack').setInputFiles(file)
    await page.locator('.verdict-banner-bad').getByText('Not verified').waitFor()
    await page.getByText('line 1 is not a header').first().waitFor()
  })

  test('Empty and unknown places explain themselves', async () => {
    await go('#/trades/none')
    await page.getByRole('alert').getByText('PLK-2403').waitFor()
    await go('#/journal?q=no-such-id')
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor()
    await go('#/elsewhere')
    await page.getByRole('heading', { name: 'There is no such screen' }).waitFor()
    await go('#/journal/99999')
    await page
      .getByText(/The journal has|no leaf 99999/)
      .first()
      .waitFor()
  })

  test('No screen has a serious accessibility problem, in either theme and at either width', async () => {
    const trade = server.gateway.trades()[0]?.tradeId
    const screens = [
      '#/',
      '#/trades',
      `#/trades/${trade}`,
      '#/journal',
      '#/journal/7',
      '#/journal?q=ORD-0001',
      '#/verify',
    ]
    for (const theme of ['light', 'dark'] as const)
      for (const width of [900, 1600]) {
        const [other, view] = await openPage({ width, height: 1000 }, theme)
        for (const [at, screen] of screens.entries()) {
          await view.goto(`${server.url}/${screen}`)
          await view.locator('.live-live').waitFor()
          if (screen === '#/verify') await view.getByRole('button', { name: /Fetch this gateway/ }).click()
          await view
            .locator(readyMarks[at] ?? 'main')
            .first()
            .waitFor()
          await shoot(`${at}-${theme}-${width}`, view)
          assert.deepEqual(await seriousProblems(view), [], `${screen} ${theme} ${width}`)
        }
        assert.deepEqual(await view.evaluate('window.violations'), [])
        await other.close()
      }
  })

  test('The accessibility check bites', async () => {
    await page.evaluate("document.querySelector('main').innerHTML = '<img src=\"icon.svg\">'")
    assert.ok((await seriousProblems(page)).some((problem) => problem.startsWith('image-alt')))
  })

  test('No page broke the content security policy, and the policy bites', async () => {
    assert.deepEqual(await page.evaluate('window.violations'), [])
    await page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { text: 'window.x = 1' }))",
    )
    await page.evaluate("document.body.setAttribute('style', 'color: red')")
    await page.waitForFunction('window.violations.length === 2')
    assert.equal(await page.evaluate('window.x'), undefined)
  })
})

const readyMarks = ['.node', '.row-link', '.digest-large', '.leaf-row', 'svg.path', '.leaf-row', '.verdict']

const startServer = (options: { port?: number; gateway?: TestServer['gateway'] }): Promise<TestServer> =>
  startTestServer({
    ...options,
    consoleDir: join(folder, 'dist'),
    double: { pack, hashTypedData: typedDataHashes },
  })

async function buildConsole(outDir: string): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const args = [
    vite,
    'build',
    join(root, 'console'),
    '--outDir',
    outDir,
    '--emptyOutDir',
    '--logLevel',
    'error',
  ]
  await promisify(execFile)(process.execPath, args, { cwd: root })
}

async function openPage(
  viewport: { width: number; height: number },
  colorScheme: 'light' | 'dark',
): Promise<[BrowserContext, Page]> {
  const opened = await browser.newContext({
    viewport,
    colorScheme,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  await opened.addInitScript(watcher)
  const view = await opened.newPage()
  view.setDefaultTimeout(15_000)
  return [opened, view]
}

// Runs in the page before its own script: what the policy refused, and which events the stream brought.
const watcher = `
  window.violations = []
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective))
  window.seenIds = []
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url)
      this.addEventListener('message', (message) => window.seenIds.push(message.lastEventId))
    }
  }
`

async function go(hash: string): Promise<void> {
  if (page.url().startsWith(server.url)) await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  else await page.goto(`${server.url}/${hash}`)
}

async function placeTrade(quoteReqId: string, clOrdId: string): Promise<void> {
  const rfq = await server.gateway.requestQuote(by, { ...firstRfq, quoteReqId })
  const quoteId = 'quotes' in rfq ? (rfq.quotes[0]?.quoteId ?? '') : ''
  await server.gateway.placeOrder(by, { ...orderOf(quoteId), clOrdId })
}

async function settleTrade(quoteReqId: string, clOrdId: string): Promise<void> {
  await placeTrade(quoteReqId, clOrdId)
  while (server.gateway.step());
}

async function seriousProblems(view: Page): Promise<string[]> {
  await view.evaluate(axe)
  const found: { id: string; impact: string; nodes: { html: string }[] }[] = await view.evaluate(
    'axe.run().then(({ violations }) => violations)',
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}

async function shoot(name: string, view: Page = page): Promise<void> {
  const shots = process.env['POUNDLOCK_SHOTS'] ?? join(folder, 'shots')
  await mkdir(shots, { recursive: true })
  await view.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
}
