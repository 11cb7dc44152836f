import { manualClock } from '#core'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createServer } from './server.ts'
import { gatewayDouble, memoryIdempotencyStore, sandboxStart } from './testing/index.ts'

async function serve(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'poundlock-files-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  await writeFile(join(folder, 'assets/index-abc.js'), 'export {}')
  await writeFile(join(folder, 'secret.pem'), 'not for the web')
  await symlink('/etc/hostname', join(folder, 'hostname.html'))
  const clock = manualClock(sandboxStart)
  const gateway = gatewayDouble({ clock })
  const server = await createServer({
    gateway,
    clock,
    idempotencyStore: memoryIdempotencyStore(),
    consoleDir: folder,
  })
  t.after(() => server.stop())
  return (method: 'GET' | 'HEAD' | 'POST', url: string) =>
    server.app.inject({ method, url, headers: { host: 'localhost' } })
}

test('The console is served with its types, and only hashed names are cached for good', async (t) => {
  const ask = await serve(t)
  const page = await ask('GET', '/')
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(page.headers['cache-control'], 'no-cache')
  const script = await ask('GET', '/assets/index-abc.js?v=1')
  assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8')
  assert.match(String(script.headers['cache-control']), /immutable/)
  assert.equal((await ask('HEAD', '/')).statusCode, 200)
})

test('Nothing else of the disk is served, however the path is spelled', async (t) => {
  const ask = await serve(t)
  for (const path of [
    '/secret.pem',
    '/hostname.html',
    '/assets/../secret.pem',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/',
    '//etc/passwd',
    '/index.html%00.js',
  ])
    assert.ok([400, 404].includes((await ask('GET', path)).statusCode), path)
  assert.equal((await ask('POST', '/')).statusCode, 404)
})
