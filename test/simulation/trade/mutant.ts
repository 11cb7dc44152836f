// A process that runs worlds with one mutant in the place of the real code, until the auditor finds it.
// Arguments: the mutant's index, the first seed, how many. Prints one line of JSON.
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mutants } from './mutants.ts'

const [index = '', first = '', count = ''] = process.argv.slice(2)
const mutant = mutants[Number.parseInt(index, 10)]
if (!mutant) throw new Error(`there is no mutant ${index}`)
const target = pathToFileURL(join(import.meta.dirname, '../../..', mutant.file)).href
let replaced = false

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (url !== target || !loaded.source) return loaded
    const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
    if (source.split(mutant.from).length !== 2) throw new Error(`${mutant.file} does not hold the guard once`)
    replaced = true
    return { ...loaded, source: source.replace(mutant.from, () => mutant.to) }
  },
})

const { runWorld } = await import('./world.ts')
const start = Number.parseInt(first, 10)
let killedAt: number | undefined
let problems: readonly string[] = []
for (let seed = start; seed < start + Number.parseInt(count, 10) && killedAt === undefined; seed += 1) {
  problems = (await runWorld(seed)).problems
  if (problems.length > 0) killedAt = seed
}
const worlds = killedAt === undefined ? undefined : killedAt - start + 1
process.stdout.write(`${JSON.stringify({ mutant: mutant.name, replaced, worlds, problems })}\n`)
process.exit(0)
