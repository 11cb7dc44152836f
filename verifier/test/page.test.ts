// The page in a real browser, from a file, with the network off.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { goodTrust } from './bad-packs.ts'
import { vectorsDir } from './write-vectors.ts'

const executablePath = process.env['POUNDLOCK_CHROMIUM'] ?? '/usr/bin/chromium'
const absent = existsSync(executablePath)
  ? undefined
  : `${executablePath} is not there (Debian: apt-get install chromium; or set POUNDLOCK_CHROMIUM)`
const vector = (name: string): string => fileURLToPath(new URL(name, vectorsDir))

let dir = ''
let browser: Browser | undefined

/** A page from the file, offline; complaints of the page, and requests for anything else, fail the test. */
const withPage = async (t: TestContext, use: (page: Page) => Promise<void>): Promise<void> => {
  if (absent || browser === undefined) return t.skip(absent ?? 'no browser')
  const context = await browser.newContext({ offline: true })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().endsWith('/verify.html')) complaints.push(request.url())
  })
  await page.goto(pathToFileURL(join(dir, 'verify.html')).href)
  await use(page)
  await context.close()
  assert.deepEqual(complaints, [])
}

const open = async (page: Page, name: string): Promise<void> => {
  await page.setInputFiles('#pack', vector(name))
  await page.locator('#verdict strong').waitFor()
  await page.locator('#verdict', { hasText: name }).waitFor()
}

const file = (text: string) => ({
  name: 'trust.txt',
  mimeType: 'text/plain',
  buffer: Buffer.from(text),
})

suite('The page, in a browser', () => {
  before(async () => {
    if (absent) return
    dir = mkdtempSync(join(tmpdir(), 'poundlock-page-'))
    await build({
      configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
      build: { outDir: dir, emptyOutDir: true },
    })
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })

  after(async () => {
    await browser?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('the page is one file whose policy forbids every connection', (t) => {
    if (absent) return t.skip(absent)
    const html = readFileSync(join(dir, 'verify.html'), 'utf8')
    assert.match(
      html,
      /content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'"/,
    )
    assert.doesNotMatch(html, /<script[^>]+src=|<link|https?:\/\/(?!www\.w3\.org)[a-z.]+\/[^\s]*\.js/)
    return undefined
  })

  test('a good pack holds, and an entry shows its way to the root', (t) =>
    withPage(t, async (page) => {
      await open(page, 'good.pack')
      assert.match((await page.locator('#verdict').textContent()) ?? '', /The evidence holds/)
      assert.equal(await page.locator('#entries tbody tr').count(), 81)
      await page.getByRole('button', { name: 'Show entry 36 of alder.example/journal' }).click()
      assert.equal(await page.locator('#path-verdict').textContent(), '✓ The roots are equal.')
      assert.match((await page.locator('#entry').textContent()) ?? '', /ETH-25JUN27-4000-C/)
      await page.getByLabel('Find').fill('settlement.settled')
      assert.equal(await page.locator('#entries tbody tr').count(), 2)
    }))

  test('a bad pack is refused at the exact entry', (t) =>
    withPage(t, async (page) => {
      await open(page, 'bad-entry-changed.pack')
      assert.match((await page.locator('#verdict').textContent()) ?? '', /does not hold/)
      assert.match(
        (await page.locator('#problems li').textContent()) ?? '',
        /entry\/inclusion at entry 14 of alder\.example\/journal \(line 20\)/,
      )
      await page.locator('#problems').getByRole('button').click()
      assert.equal(await page.locator('#path-verdict').textContent(), '✗ The roots differ.')
      assert.equal(await page.locator('tr[aria-current=true] .fails').textContent(), 'entry/inclusion')
    }))

  test('a flipped byte is found, and the pack can be restored, with the keyboard alone', (t) =>
    withPage(t, async (page) => {
      await open(page, 'good.pack')
      for (let n = 0; n < 5; n += 1) {
        await page.locator('#flip').focus()
        await page.keyboard.press('Enter')
        await page.locator('#verdict.fail').waitFor()
        await page
          .locator('#flipped', {
            hasText: /Byte \d+ \(in line \d+\) .*Found: (pack|trust|checkpoint|entry|opening)\//,
          })
          .waitFor()
        await page.keyboard.press('Tab')
        await page.keyboard.press('Enter')
        await page.locator('#verdict.ok').waitFor()
      }
    }))

  test('a trust file pins the keys, a wrong one is refused with its line', (t) =>
    withPage(t, async (page) => {
      await open(page, 'good.pack')
      await page.setInputFiles('#trust', file(goodTrust))
      await page.locator('#trust-name', { hasText: 'trust.txt' }).waitFor()
      assert.doesNotMatch((await page.locator('#rest li').allTextContents()).join(), /no trust file/)
      await page.setInputFiles('#trust', file('log nonsense\n'))
      await page.locator('#verdict', { hasText: 'line 1 of the trust file' }).waitFor()
    }))

  test('the page has no accessibility violations, in light and dark', (t) =>
    withPage(t, async (page) => {
      await open(page, 'bad-entry-changed.pack')
      await page.locator('#problems').getByRole('button').click()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const client = await page.context().newCDPSession(page)
        const source = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
        await client.send('Runtime.evaluate', { expression: source })
        const { result } = await client.send('Runtime.evaluate', {
          expression:
            'axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)])))',
          awaitPromise: true,
          returnByValue: true,
        })
        assert.equal(result.value, '[]', colorScheme)
      }
    }))
})
