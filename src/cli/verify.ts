// `poundlock verify`: hands the pack to the verifier, which is a program of its own and shares no code with this one.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const verifier = fileURLToPath(new URL('../../verifier/src/cli.ts', import.meta.url))

export function verify(args: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [verifier, ...args], { stdio: 'inherit' })
  return status ?? 6
}
