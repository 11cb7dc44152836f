import assert from 'node:assert/strict'
import test from 'node:test'
import { compileLevel, groupDepthMax, Place, type Level } from './level.ts'

const compile = (text: string, components: readonly string[] = []): Level =>
  compileLevel([{ text, components, place: Place.body }], 99)

test('a required field counts only where each component around it is required', () => {
  assert.deepEqual([...compile('&0', ['1! 2']).required], [])
  assert.deepEqual([...compile('&0!', ['1! 2']).required], [1])
  assert.deepEqual([...compile('&0! 9!', ['&1 3!', '1!']).required], [3, 9])
})

test('a required member of a group counts in the group, also when the group is optional', () => {
  const level = compile('5{1! 2 6{3 4!}} 9')
  assert.deepEqual([...level.required], [])
  assert.deepEqual([...level.groups.get(5)!.required], [1])
  assert.deepEqual([...level.groups.get(5)!.groups.get(6)!.required], [4])
  assert.equal(level.places[1], Place.none)
  assert.equal(level.places[5], Place.body | Place.count)
})

test('the delimiter of a group is its first field, in a component or a count field too', () => {
  assert.equal(compile('5{&0 2}', ['1 3']).groups.get(5)!.delimiter, 1)
  assert.equal(compile('5{6{3} 2}').groups.get(5)!.delimiter, 6)
})

test('components that contain themselves are found', () => {
  assert.throws(() => compile('&0', ['1 &0']), new RegExp(`deeper than ${groupDepthMax}`))
})
