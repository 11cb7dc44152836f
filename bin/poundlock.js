#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what it lacks. The gateway itself runs from source on Node 24.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const pinned = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
const node = existsSync(pinned) ? pinned : process.execPath
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`poundlock needs Node 24; this is ${process.versions.node}. Run npm ci in the project: it installs one.`)
  process.exit(2)
}
process.exit(spawnSync(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1)
