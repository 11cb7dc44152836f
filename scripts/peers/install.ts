// Installs the optional peers and the browser that some tests talk to, from Debian's packages, when this runs as root
// on Debian. Nobody needs it to run the gateway or the tests: a test that misses its peer skips and says so.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const peers: Readonly<Record<string, string>> = {
  'g++': 'compiles the QuickFIX client and the kernel in C++',
  'libquickfix-dev': 'the FIX engine that trades with ours',
  chromium: 'the browser of the console tests',
  'golang-go': 'compiles the verifier over x/mod/sumdb',
  'golang-golang-x-mod-dev': "Go's own transparency log code",
  strace: 'counts the syncs of the disk',
}

const installed = (name: string): boolean => {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout === 'installed'
}

function main(): number {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    process.stdout.write('peers: not root on Debian; tests that miss a peer will say so\n')
    return 0
  }
  const missing = Object.keys(peers).filter((name) => !installed(name))
  if (missing.length > 0) install(missing)
  for (const [name, reason] of Object.entries(peers))
    process.stdout.write(`${installed(name) ? 'have' : 'MISS'}  ${name}: ${reason}\n`)
  return 0
}

/** A package that cannot be had is named, not fatal: its tests skip. */
function install(missing: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0
  apt('update')
  if (apt('install', '-y', '--no-install-recommends', ...missing)) return
  for (const name of missing) apt('install', '-y', '--no-install-recommends', name)
}

process.exitCode = main()
