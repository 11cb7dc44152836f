// How each command that the documents show is run by a test. What is not in a table is run as it stands, in a copy of
// the checkout, and must end with exit code 0.

/** Needs everything else first, or would run this test again: `by` is what runs it, a line that `file` holds. */
export const elsewhere: Readonly<
  Record<string, { readonly by: string; readonly file: string; readonly why: string }>
> = {
  'npm ci': { by: 'npm ci', file: '.ci/run', why: 'needs the network, and replaces what this runs on' },
  'npm test': { by: 'npm test', file: '.ci/run', why: 'would run this test again' },
  'npm run check': { by: 'npm run check', file: '.ci/run', why: 'runs there on the whole tree' },
  'npm run conformance:fix': {
    by: "'test/*/**/*.test.ts'",
    file: 'scripts/test.ts',
    why: 'npm test runs the same file',
  },
  'npm test -w contracts': {
    by: "run(forge, ['test', '--json']",
    file: 'test/contracts.test.ts',
    why: 'npm test runs the same suite',
  },
}

/** Goes on until it is stopped; the commands that `isBeside` names are run while it does. */
export const serving = 'npm start'
export const isBeside = (command: string): boolean =>
  /^npm run poundlock -- (?:status|fix|policy explain)\b/.test(command)

/** Take the demo's default ports. */
export const onDefaultPorts = (command: string): boolean =>
  command.startsWith(serving) || isBeside(command) || command.includes('poundlock-demo/')
