import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { isRefusal } from '#core'
import { rpcBytesMax, rpcSource, type RpcAnswer } from './rpc.ts'

async function ask(
  respond: (response: ServerResponse) => void,
  timeoutMs = 2_000,
): Promise<RpcAnswer | string> {
  const server = createServer((_request, response) => respond(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    const answer = await rpcSource(`http://127.0.0.1:${address.port}/?key=secret`, timeoutMs).request(
      'eth_chainId',
      [],
    )
    if (!isRefusal(answer)) return answer
    assert.equal(answer.refusal, 'ledger-unreachable')
    assert.doesNotMatch(answer.detail, /secret/)
    return answer.detail
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const whyOf = (answer: RpcAnswer | string): string => (typeof answer === 'string' ? answer : 'answered')

const json = (text: string) => (response: ServerResponse) => void response.end(text)

test('a result is read', async () => {
  assert.deepEqual(await ask(json('{"jsonrpc":"2.0","id":1,"result":"0x1"}')), { result: '0x1' })
  assert.deepEqual(await ask(json('{"jsonrpc":"2.0","id":1,"result":null}')), { result: null })
})

test('requests under way at once each get their own answer', async () => {
  const server = createServer((request, response) => {
    request.setEncoding('utf8')
    request.on('data', (text: string) => {
      const [, id] = /"id":(\d+)/.exec(text) ?? []
      response.end(`{"jsonrpc":"2.0","id":${id},"result":"${id}"}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    const source = rpcSource(`http://127.0.0.1:${address.port}/`)
    const answers = await Promise.all([1, 2, 3].map(() => source.request('eth_blockNumber', [])))
    assert.deepEqual(answers, [{ result: '1' }, { result: '2' }, { result: '3' }])
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a revert is an answer, with the data of either client family', async () => {
  const flat = '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0xABCD"}}'
  assert.deepEqual(await ask(json(flat)), { reverted: '0xabcd', message: 'execution reverted' })
  const nested = '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"VM","data":{"data":"0xabcd"}}}'
  assert.deepEqual(await ask(json(nested)), { reverted: '0xabcd', message: 'VM' })
  const bare = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"execution reverted"}}'
  assert.deepEqual(await ask(json(bare)), { reverted: '0x', message: 'execution reverted' })
})

test('what is no answer refuses and says why, without the key of the endpoint', async () => {
  assert.match(whyOf(await ask(json('nonsense'))), /eth_chainId/)
  assert.match(whyOf(await ask(json('{"jsonrpc":"2.0","id":2,"result":"0x1"}'))), /not JSON-RPC/)
  assert.match(whyOf(await ask(json('{"jsonrpc":"2.0","id":1}'))), /no result/)
  assert.match(whyOf(await ask(json('{"jsonrpc":"2.0","id":1,"error":{"message":"limit"}}'))), /limit/)
  assert.match(whyOf(await ask(json('{"id":1,"id":1,"result":"0x1"}'))), /eth_chainId/)
  assert.match(whyOf(await ask((response) => response.writeHead(429).end())), /429/)
  assert.match(whyOf(await ask((response) => response.destroy())), /eth_chainId/)
  assert.match(
    whyOf(await ask((response) => response.writeHead(302, { location: '/' }).end())),
    /eth_chainId/,
  )
})

test('an endpoint that stays silent or never stops is left', async () => {
  assert.match(whyOf(await ask(() => {}, 50)), /eth_chainId/)
  assert.match(whyOf(await ask(flood)), new RegExp(`longer than ${rpcBytesMax}`))
})

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, 32)
  while (response.write(chunk));
  response.once('drain', () => flood(response))
}
